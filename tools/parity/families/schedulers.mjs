import * as tf from '@tensorflow/tfjs-core';
import { LearningRateScheduler, Optimizer, ParameterSet } from '@x/trainer-core';

import { compare, number } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { ParityRun } from '../lib/run.mjs';

const TOLERANCE = 1e-12;

/** lr_schedulers.json and lr_schedulers_v2.json: rates after construction, each step_batch and each epoch; resume. */
export function cases({ cases: all, allennlp }) {
  return all.map((fixture) => ({
    name: fixture.name,
    fixture: { ...fixture, allennlp },
    run: () => {
      const known = { ...fixture, allennlp };
      return fixture.result.error === undefined ? scheduleCase(known) : errorCase(known);
    },
  }));
}

function scheduleCase(fixture) {
  const { result, save_after_epoch: epochsBefore } = fixture;
  const session = start(fixture);
  compare(result.after_construct, session.rates(), 'after_construct', TOLERANCE);
  compareTrainable(result.requires_grad_after_construct, session, 'requires_grad_after_construct');
  let saved;
  result.epochs.forEach((expected, epoch) => {
    compareEpoch(expected, session, epoch, '');
    if (epoch + 1 !== epochsBefore) return;
    compareRates(result.param_groups_after_save_epoch, session.optimizer);
    compareState(result.state_after_save_epoch, session.scheduler, 'state_after_save_epoch');
    saved = structuredClone({ optimizer: session.optimizer.stateDict(), scheduler: session.scheduler.stateDict() });
  });
  compareState(result.final_state, session.scheduler, 'final_state');
  if (saved === undefined) return;
  const resumed = start(fixture);
  resumed.optimizer.loadStateDict(saved.optimizer);
  resumed.scheduler.loadStateDict(saved.scheduler);
  result.epochs.forEach((expected, epoch) => {
    if (epoch < epochsBefore) resumed.skip(epoch);
    else compareEpoch(expected, resumed, epoch, 'resumed: ');
  });
}

function compareEpoch(expected, session, epoch, at) {
  const received = session.epoch(epoch);
  compare(expected.after_each_batch, received.afterEachBatch, `${at}epochs[${epoch}].after_each_batch`, TOLERANCE);
  compare(expected.after_epoch_step, received.afterEpochStep, `${at}epochs[${epoch}].after_epoch_step`, TOLERANCE);
  compareTrainable(expected.requires_grad, session, `${at}epochs[${epoch}].requires_grad`);
}

function compareRates(groups, optimizer) {
  groups?.forEach(({ lr, initial_lr: initialLr }, i) => {
    const { options } = optimizer.groups[i];
    const at = `param_groups_after_save_epoch[${i}]`;
    compare(lr, options.lr, `${at}.lr`, TOLERANCE);
    // Which schedules need a note of the first rate is theirs to decide.
    if (initialLr !== undefined && options.initialLr !== undefined) {
      compare(initialLr, options.initialLr, `${at}.initial_lr`, TOLERANCE);
    }
  });
}

/** What of the original's state is also kept here: that of the schedule that follows a metric. */
const STATE_NAMES = { best: 'best', num_bad_epochs: 'badEpochs', cooldown_counter: 'cooldownLeft' };

function compareState(expected, scheduler, at) {
  const received = scheduler.stateDict();
  for (const [theirs, ours] of Object.entries(STATE_NAMES)) {
    if (expected?.[theirs] !== undefined) compare(expected[theirs], received[ours], `${at}.${theirs}`, TOLERANCE);
  }
}

function errorCase(fixture) {
  return expectError(fixture.result.error, () => {
    const session = start(fixture);
    for (let epoch = 0; epoch < (fixture.run_epochs ?? 1); epoch++) session.epoch(epoch);
  });
}

function start(fixture) {
  const {
    optimizer: config,
    scheduler: schedulerConfig,
    num_epochs: numEpochs,
    num_steps_per_epoch: stepsPerEpoch,
  } = fixture;
  const { names = ['a.weight', 'b.weight', 'c.weight'], ...optimizerConfig } = config;
  const weights = Object.fromEntries(names.map((name) => [name, tf.variable(tf.zeros([2]))]));
  const run = new ParityRun({
    parameters: ParameterSet.of(weights),
    numEpochs,
    stepsPerEpoch: stepsPerEpoch ?? null,
    compatibility: `allennlp-${fixture.allennlp.split('.')[0]}`,
  });
  const optimizer = run.build(Optimizer, optimizerConfig);
  const scheduler = run.build(LearningRateScheduler, schedulerConfig);
  const stepsIn = (epoch) => (Array.isArray(fixture.actual_steps) ? fixture.actual_steps[epoch] : fixture.actual_steps);
  let batchNumTotal = 0;
  return {
    optimizer,
    scheduler,
    rates: () => optimizer.groups.map(({ options }) => options.lr),
    skip: (epoch) => {
      batchNumTotal += stepsIn(epoch);
    },
    epoch(epoch) {
      const afterEachBatch = [];
      for (let i = 0; i < stepsIn(epoch); i++) {
        batchNumTotal += 1;
        scheduler.stepBatch(batchNumTotal);
        afterEachBatch.push(this.rates());
      }
      scheduler.step(number(fixture.metrics?.[epoch]) ?? null);
      return { afterEachBatch, afterEpochStep: this.rates() };
    },
  };
}

function compareTrainable(expected, { optimizer }, at) {
  if (expected === undefined) return;
  const flags = optimizer.groups.map(({ parameters }) => parameters.map(({ trainable }) => trainable));
  compare(expected, Array.isArray(expected[0]) ? flags : flags.flat(), at, 0);
}
