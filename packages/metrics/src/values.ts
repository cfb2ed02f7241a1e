import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Outputs } from '@x/trainer-core';
import { DataError, MetricError } from '@x/trainer-core';

/** A tensor's values on the host, row by row. */
export interface Values {
  readonly key: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * The values of an entry of the model's outputs.
 *
 * @throws MetricError (`X_METRIC_UNKNOWN`) naming the metric, the key and those there are; DataError (`X_DATA_INVALID`)
 *   for an entry that is no tensor.
 */
export async function outputValues(metric: string, key: string, outputs: Readonly<Outputs>): Promise<Values> {
  return read(metric, key, 'the outputs of the model', outputs);
}

/** As {@link outputValues}, of an entry of the batch. */
export async function batchValues(metric: string, key: string, batch: Batch): Promise<Values> {
  return read(metric, key, 'the batch', batch);
}

async function read(
  metric: string,
  key: string,
  where: string,
  entries: Readonly<Record<string, unknown>>,
): Promise<Values> {
  const tensor = entries[key];
  if (tensor === undefined) {
    throw new MetricError(
      'X_METRIC_UNKNOWN',
      `${metric} needs "${key}" in ${where}, which has ${Object.keys(entries).join(', ') || 'nothing'}; ` +
        'name the right key in the options of the metric',
    );
  }
  if (!isTensor(tensor)) {
    throw new DataError('X_DATA_INVALID', `${metric} needs a tensor, but "${key}" in ${where} is none`);
  }
  return { key, shape: tensor.shape, data: await tensor.data() };
}

/**
 * Tells which positions count. The shape of a mask is that of the positions or a part of it from the left: [batch] or
 * [batch, time] for positions [batch, time]. Without a mask, all count.
 *
 * @throws DataError (`X_DATA_INVALID`) for a mask of another shape.
 */
export function countedBy(
  metric: string,
  mask: Values | undefined,
  positions: readonly number[],
): (position: number) => boolean {
  if (mask === undefined) return () => true;
  const fits = mask.shape.length <= positions.length && mask.shape.every((size, i) => size === positions[i]);
  if (!fits)
    throw shapes(metric, `the mask "${mask.key}"`, mask.shape, `[${positions.join(', ')}], or its first dimensions`);
  const each = sizeOf(positions.slice(mask.shape.length));
  return (position) => mask.data[Math.floor(position / each)] !== 0;
}

/**
 * Labels have to have the elements of the predictions row by row; dimensions of size 1 after the first do not matter.
 *
 * @param reason why they have to, for the message.
 * @throws DataError (`X_DATA_INVALID`) otherwise.
 */
export function checkSameElements(metric: string, predictions: Values, labels: Values, reason = ''): void {
  const essential = ([rows, ...rest]: readonly number[]): string => [rows, ...rest.filter((size) => size !== 1)].join();
  if (essential(predictions.shape) === essential(labels.shape)) return;
  throw shapes(
    metric,
    `"${labels.key}"`,
    labels.shape,
    `that of "${predictions.key}", [${predictions.shape.join(', ')}]${reason}`,
  );
}

/** The product of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The error of a tensor that has not the shape it should have. */
export function shapes(metric: string, what: string, received: readonly number[], expected: string): DataError {
  return new DataError(
    'X_DATA_INVALID',
    `${metric}: ${what} has the shape [${received.join(', ')}]; expected ${expected}`,
  );
}

function isTensor(value: unknown): value is tf.Tensor {
  return value instanceof tf.Tensor;
}
