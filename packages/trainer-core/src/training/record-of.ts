import * as tf from '@tensorflow/tfjs-core';

import { configHash } from '../config/config-hash.js';
import type { Communicator } from '../contracts/communicator.js';
import type { DataLoader } from '../contracts/data-loader.js';
import { descriptorsOf } from '../plugins/describe.js';
import { rulesOf } from './compatibility.js';
import type { GradientDescentTrainer } from './gradient-descent-trainer.js';
import type { BuiltParts } from './parts.js';
import type { RunRecord } from './run-record.js';

/** What a run is, once its engine is prepared. */
export function recordOf(trainer: GradientDescentTrainer, options: BuiltParts, communicator: Communicator): RunRecord {
  const { origin, validationMetric, gradClipping, numGradientAccumulationSteps, seed } = options;
  const { worldSize } = communicator;
  const { learningRateScheduler, momentumScheduler, movingAverage, optimizer, model, validationDataLoader } = trainer;
  return {
    seed,
    workers: worldSize,
    numGradientAccumulationSteps,
    validationMetric,
    gradNorm: options.gradNorm,
    gradClipping,
    device: trainer.cudaDevice,
    rules: rulesOf(options),
    parts: {
      optimizer: kindOf(optimizer),
      learningRateScheduler: kindOf(learningRateScheduler),
      momentumScheduler: kindOf(momentumScheduler),
      movingAverage: kindOf(movingAverage),
      precision: kindOf(options.precision ?? null),
      metrics: (model.metrics ?? []).map(kindOf),
    },
    data: describeData(trainer.dataLoader, worldSize),
    validationData: validationDataLoader === null ? null : describeData(validationDataLoader, worldSize),
    engine: trainer.engine.describe(),
    versions: { tfjs: tf.version_core, ...origin?.versions },
    config: origin === null ? null : { hash: configHash(origin.config), values: origin.config },
  };
}

function describeData(loader: DataLoader, workers: number): RunRecord['data'] {
  return {
    loader: kindOf(loader),
    resumability: loader.resumability,
    batches: loader.length(workers),
    ...loader.describe(),
  };
}

/** The name that a part is registered under, else that of its class. */
function kindOf(part: object | null): string | null {
  return part === null ? null : (descriptorsOf(part.constructor).at(-1)?.name ?? part.constructor.name);
}
