// Trains a model in bursts: for every line `burst <ms>` on stdin a line of JSON with the milliseconds of each step.
// What is timed is a step of GradientDescentTrainer without callbacks: from the moment it is handed a batch until it asks
// for the next one. `node contestant.mjs <model> <engine> <threads>`; the engine `onnx-split` runs gradients and update as
// two programs.
import fs from 'node:fs';
import readline from 'node:readline';

import * as tf from '@tensorflow/tfjs';
import { Adam } from '@x/optim';
import {
  cloneBatch,
  DataLoader,
  EagerEngine,
  GradientDescentTrainer,
  ParameterSet,
  TrainerCallback,
  withLog,
} from '@x/trainer-core';

import { MODELS } from './models.mjs';
import { watchNativeTime } from './native-time.mjs';

const BATCHES = 4;

const [modelName, engineName, threads] = process.argv.slice(2);
const answer = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Hands out batches as long as bursts are asked for, and times what happens in between. */
class Bursts extends DataLoader {
  resumability = 'once';

  constructor(batches, native) {
    super();
    this.batches = batches;
    this.native = native;
    this.count = 0;
  }

  length() {
    return null;
  }

  async *epoch() {
    const startMs = [];
    for (let i = 0; i < 2; i++) startMs.push((yield* this.step()).ms);
    answer({ parameters: numParameters, startMs });
    for await (const line of lines) {
      const [command, argument] = line.split(' ');
      if (command === 'memory') answer({ peakMB: peakMemoryMB() });
      else yield* this.burst(Number(argument));
    }
  }

  async *burst(duration) {
    yield* this.step();
    const end = performance.now() + duration;
    const steps = [yield* this.step()];
    while (performance.now() < end) steps.push(yield* this.step());
    answer({
      times: steps.map(({ ms }) => ms),
      engineMs: steps.map(({ engineMs, nativeMs }) => engineMs - nativeMs),
      trainerMs: steps.map(({ ms, engineMs }) => ms - engineMs),
      inputsAndOutputs: steps.at(-1).inputsAndOutputs,
    });
  }

  async *step() {
    const batch = cloneBatch(this.batches[this.count++ % this.batches.length]);
    this.native.reset();
    inEngineMs = 0;
    const start = performance.now();
    yield batch;
    return { ms: performance.now() - start, engineMs: inEngineMs, ...this.native.read() };
  }
}

function peakMemoryMB() {
  return Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
}

/** The time in the engine, native calls included, since it was last set to 0. */
let inEngineMs = 0;

async function timedEngine() {
  const engine = await newEngine();
  const run = engine.run.bind(engine);
  engine.run = async (...args) => {
    const start = performance.now();
    try {
      return await run(...args);
    } finally {
      inEngineMs += performance.now() - start;
    }
  };
  return engine;
}

/** Looks between gradients and update, so that they are run one after the other. */
class Watcher extends TrainerCallback {
  onGradients() {}
}

async function newEngine() {
  if (engineName === 'eager') return new EagerEngine();
  const { OnnxEngine } = await import('@x/engine-onnx');
  return new OnnxEngine({ threads: Number(threads), onFailure: 'error' });
}

tf.enableProdMode();
await tf.setBackend('cpu');
const native = watchNativeTime();
const { model, batch } = MODELS[modelName].make();
const variables = model.namedVariables();
const numParameters = Object.values(variables).reduce((sum, { size }) => sum + size, 0);
const batches = Array.from({ length: BATCHES }, (_, i) => batch(i));

if (engineName === 'tfjs') {
  await trainWithTfjs();
} else {
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new Adam({ lr: 1e-3 }, ParameterSet.of(variables)),
    dataLoader: new Bursts(batches, native),
    engine: await timedEngine(),
    callbacks: engineName.endsWith('-split') ? [new Watcher()] : [],
    numEpochs: 1,
  });
  await withLog({ info: () => undefined, warn: console.error }, () => trainer.train());
}

/** tfjs alone: what `model.fit` does for each batch, with its own optimizer. */
async function trainWithTfjs() {
  const optimizer = tf.train.adam(1e-3);
  const loader = new Bursts(batches, native);
  for await (const data of loader.epoch()) {
    const loss = optimizer.minimize(() => model.forward(data, { training: true }).loss, true, Object.values(variables));
    await loss.data();
    tf.dispose([loss, data]);
  }
}
