import * as tf from '@tensorflow/tfjs';
import { DefaultCheckpointer } from '@x/checkpoint';
import { BucketBatchSampler, generatorLoader } from '@x/data';
import { OnnxEngine } from '@x/engine-onnx';
import optim from '@x/optim';
import schedulers from '@x/schedulers';
import { EagerEngine, GradientDescentTrainer, RandomStreams, withLog } from '@x/trainer-core';

import { drawsOutsideSteps } from '../../../packages/trainer-core/dist/random/step-random.js';
import { instances, SmallModel } from './model.mjs';
import { ChangingScale, LogLines, Meddler, MortalLoader, steady } from './parts.mjs';

export const EPOCHS = 3;
const BATCHES = 7;
const SILENT = { info() {}, warn() {} };

const OPTIMIZERS = {
  sgd: { type: 'sgd', lr: 0.05, momentum: 0.9 },
  adamw: { type: 'adamw', lr: 0.02 },
  multi: {
    type: 'multi',
    optimizers: { default: { type: 'sgd', lr: 0.05, momentum: 0.8 }, second: { type: 'adamw', lr: 0.02 } },
    parameterGroups: [[['^second'], { optimizerName: 'second' }]],
  },
  scheduleFree: { type: 'schedule_free_adamw', lr: 0.02 },
};

const SCHEDULERS = {
  none: null,
  plateau: { type: 'reduce_on_plateau', factor: 0.5, patience: 0, threshold: 0.5 },
  cosine: { type: 'cosine_annealing', tMax: 2 },
  oneCycle: { type: 'one_cycle', maxLr: 0.1 },
};

const AVERAGES = {
  off: null,
  on: { type: 'exponential', decay: 0.9 },
  scheduleFree: { type: 'schedule_free' },
  swa: { type: 'stochastic_weight_averaging', start: 3, interval: 2, unit: 'steps' },
};

/** How many steps an epoch of that combination has. */
export function stepsPerEpoch({ group }) {
  return Math.ceil(BATCHES / group);
}

/**
 * A run of a combination with everything new, as another process would have it.
 *
 * @param store what its checkpoints are in.
 * @param options `callbacks` besides its own, `dieAt` for its loader, `alter` for what a checkpoint gives back.
 */
export function startRun(combination, store, { callbacks = [], dieAt = Infinity, alter } = {}) {
  const {
    optimizer,
    average,
    dropout,
    data,
    scheduler,
    engine,
    group,
    momentum = false,
    scaled = false,
    watch = '-loss',
  } = combination;
  // one count for a process, which a new process has not
  drawsOutsideSteps.loadStateDict({ calls: 0 });
  const bucket = data === 'bucket';
  const model = new SmallModel(dropout ? 0.25 : 0, { aside: bucket });
  const log = new LogLines();
  const steps = stepsPerEpoch(combination);
  const asks = scheduler === 'plateau' ? Infinity : steps + 2;
  const meddler = new Meddler({ freezeAt: steps + 1, thawAt: 2 * steps + 2, asks, log });
  const checkpointer = new AlteringCheckpointer({ store, saveEveryNumBatches: 2, numSerializedModelsToKeep: null });
  checkpointer.alter = alter;
  const trainer = GradientDescentTrainer.fromPartialObjects({
    plugins: [optim, schedulers],
    model,
    dataLoader: loaders[data](dieAt),
    validationDataLoader: new MortalLoader({ batchSize: 4 }, instances(8)),
    optimizer: OPTIMIZERS[optimizer],
    movingAverage: AVERAGES[average],
    learningRateScheduler: SCHEDULERS[scheduler],
    momentumScheduler: momentum ? { type: 'inverted_triangular', coolDown: 1, warmUp: 1 } : null,
    precision: scaled ? new ChangingScale() : null,
    engine: engines[engine](),
    numGradientAccumulationSteps: group,
    gradNorm: 1,
    validationMetric: watch,
    patience: 2,
    earlyStoppingAt: 'epochEnd',
    numEpochs: EPOCHS,
    checkpointer,
    callbacks: [meddler, log, ...callbacks],
  });
  return { trainer, model, log };
}

const loaders = {
  shuffle: (dieAt) => mortal({ batchSize: 2, shuffle: true, seed: 3, prefetch: 2 }, false, dieAt),
  bucket: (dieAt) => {
    const batchSampler = new BucketBatchSampler({ batchSize: 2, sortingKeys: ['x'] }, new RandomStreams(3));
    return mortal({ batchSampler, prefetch: 2 }, true, dieAt);
  },
  replayable: () =>
    generatorLoader((epoch) => instances(2 * BATCHES).map(({ x, y }) => ({ x, y: y + epoch })), {
      batchSize: 2,
      prefetch: 1,
    }),
};

const engines = {
  eager: () => new EagerEngine(),
  onnx: () => new OnnxEngine({ threads: 1 }),
  onnxLater: () => new OnnxEngine({ threads: 1, compileAfter: 5 }),
};

function mortal(options, lengths, dieAt) {
  return Object.assign(new MortalLoader(options, instances(2 * BATCHES, { lengths })), { dieAt });
}

class AlteringCheckpointer extends DefaultCheckpointer {
  async restoreCheckpoint() {
    const restored = await super.restoreCheckpoint();
    return restored === null || this.alter === undefined ? restored : this.alter(restored);
  }
}

/** Trains to the end or to an error, and frees everything. Returns what is left, and the error. */
export async function train({ trainer, model, log }, options = {}) {
  let metrics = null;
  let error = null;
  try {
    metrics = await withLog(SILENT, () => trainer.train(options));
  } catch (caught) {
    error = caught;
  }
  const end = error === null ? { metrics: steady(metrics), ...(await everythingOf(trainer)) } : null;
  await trainer.engine.dispose();
  trainer.optimizer.dispose();
  trainer.movingAverage?.dispose();
  model.dispose();
  return { end, error, lines: log.lines };
}

/** Weights, and all of the state that a checkpoint would hold now but times, as plain data. */
async function everythingOf(trainer) {
  const { modelState, trainingState } = trainer.getCheckpointState();
  const { report, ...state } = trainingState;
  if (!(report.seconds > 0)) throw new Error('the time of training is not counted');
  const everything = { modelState, state };
  const plain = JSON.parse(
    JSON.stringify(everything, (_, value) => (value instanceof tf.Tensor ? bits(value) : value)),
  );
  tf.dispose([modelState, tensorsOf(trainingState)]);
  return { ...plain, report: steady(report.metrics) };
}

/** The bits of a tensor: values that compare equal may differ in them. */
function bits(tensor) {
  const { buffer, byteOffset, byteLength } = tensor.dataSync();
  return `${tensor.shape}:${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}`;
}

function tensorsOf(value) {
  if (value instanceof tf.Tensor) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(tensorsOf) : [];
}
