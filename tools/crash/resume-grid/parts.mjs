import * as tf from '@tensorflow/tfjs';
import { ArrayDataLoader } from '@x/data';
import { Precision, randomUniform, TrainerCallback } from '@x/trainer-core';

/** What stands for a killed process: nothing of the run is looked at afterwards but what was stored. */
export class Killed extends Error {}

/** A loader that may die before it gives a batch. */
export class MortalLoader extends ArrayDataLoader {
  /** Which batch, counted over the run, is never given. */
  dieAt = Infinity;
  given = 0;

  async *epoch(request) {
    for await (const batch of super.epoch(request)) {
      this.given += 1;
      if (this.given === this.dieAt) {
        tf.dispose(Object.values(batch));
        throw new Killed('the process is killed while a group is collected');
      }
      yield batch;
    }
  }
}

/** A scale of the loss that grows and falls with the steps, by factors that change the bits of gradients. */
export class ChangingScale extends Precision {
  skipsNonFinite = true;
  steps = 0;

  get lossScale() {
    return 3 ** (1 + (this.steps % 5));
  }

  forward(compute) {
    return compute();
  }

  unscale(gradient, lossScale) {
    return tf.div(gradient, lossScale);
  }

  stepFinished() {
    this.steps += 1;
  }

  stateDict() {
    return { steps: this.steps };
  }

  loadStateDict({ steps }) {
    this.steps = steps;
  }
}

/** Counts steps, draws outside of them, freezes a weight for some of them, and asks to leave out a validation. */
export class Meddler extends TrainerCallback {
  count = 0;

  /** @param asks the step in which the validation of its epoch is asked to be left out. */
  constructor({ freezeAt, thawAt, asks, log }) {
    super();
    Object.assign(this, { freezeAt, thawAt, asks, log });
  }

  async onStepEnd({ batchNumTotal, control, parameters }) {
    this.count += 1;
    const drawn = randomUniform([1]);
    this.log.note(batchNumTotal, 'callback', { count: this.count, drawn: (await drawn.data())[0] });
    drawn.dispose();
    if (this.count === this.freezeAt || this.count === this.thawAt) {
      parameters.get('first.bias').trainable = this.count === this.thawAt;
    }
    if (this.count === this.asks) control.skipValidation();
  }

  stateDict() {
    return { count: this.count };
  }

  loadStateDict({ count }) {
    this.count = count;
  }
}

/** Every line that a run logs, by step and kind, without what depends on the clock and the machine. */
export class LogLines extends TrainerCallback {
  lines = new Map();

  note(step, kind, values) {
    this.lines.set(`${step} ${kind}`, JSON.stringify(values));
  }

  onStepEnd({ batchNumTotal, optimizer, learningRates }, { loss, gradientNorm, metrics }) {
    const momenta = optimizer.groups.map(({ options }) => options.momentum ?? options.betas ?? null);
    this.note(batchNumTotal, 'step', { loss, gradientNorm, metrics, learningRates, momenta });
  }

  onEvaluateEnd({ batchNumTotal }, { metrics }) {
    this.note(batchNumTotal, 'validation', metrics);
  }

  onEpochEnd({ batchNumTotal }, { metrics }) {
    this.note(batchNumTotal, 'epoch', steady(metrics));
  }
}

/** Metrics without times, memory, and where this start of the run began. */
export function steady(metrics) {
  const passing = /_memory_MB$|^training_(duration|start_epoch|epochs)$/;
  return Object.fromEntries(Object.entries(metrics).filter(([name]) => !passing.test(name)));
}

/** Calls `act` when a hook is fired for the first time that a condition holds. */
export class At extends TrainerCallback {
  constructor(hook, condition, act) {
    super();
    this[hook] = (trainer, event) => {
      if (condition(trainer, event)) act(trainer);
    };
  }
}
