import * as tf from '@tensorflow/tfjs-core';

import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import type { Optimizer } from '../contracts/optimizer.js';
import { slotShape } from '../state/optimizer-state.js';
import { modelVariables } from './model-state.js';

/**
 * About how many bytes a checkpoint takes: weights and buffers, averages, and the slots of the optimizer, also those that
 * the first step makes. What stands beside them in a checkpoint is small.
 */
export function checkpointBytes(model: ModelLike, movingAverage: MovingAverage | null, optimizer: Optimizer): number {
  const weights = [...Object.values(modelVariables(model)), ...(movingAverage?.shadows.values() ?? [])];
  const slots = optimizer.groups.flatMap(({ options, parameters }) =>
    parameters
      .filter(({ trainable }) => trainable)
      .flatMap((parameter) =>
        Object.values(optimizer.initialSlots(options, parameter.shape)).map((slot) =>
          bytesOf(slotShape(parameter, slot), 'float32'),
        ),
      ),
  );
  return [...weights.map(({ shape, dtype }) => bytesOf(shape, dtype)), ...slots].reduce((sum, bytes) => sum + bytes, 0);
}

function bytesOf(shape: readonly number[], dtype: tf.DataType): number {
  return tf.util.sizeFromShape([...shape]) * tf.util.bytesPerElement(dtype);
}
