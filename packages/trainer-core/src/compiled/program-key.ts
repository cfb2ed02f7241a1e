import * as tf from '@tensorflow/tfjs-core';

import type { Batch, BatchValue } from '../contracts/batch.js';
import type { Program, RunRequest } from '../contracts/engine.js';

/** What a program is specialised by, besides temporaries: equal texts are one compiled program. */
export function programKey(
  program: Program,
  { batch = {}, numbers = {}, parameters = 'raw', random }: RunRequest,
): string {
  const drawing = random === undefined ? '' : 'random';
  return [program.name, program.key, parameters, drawing, Object.keys(numbers).join(), shapesKey(batch)].join('\n');
}

/** The shapes and types of the tensors of a batch, and its static fields. */
export function shapesKey(batch: Batch): string {
  return Object.entries(batch)
    .map(([name, value]) => `${JSON.stringify(name)}:${valueKey(value)}`)
    .join();
}

function valueKey(value: BatchValue): string {
  if (value instanceof tf.Tensor) return `${value.dtype}[${value.shape}]`;
  if (Array.isArray(value)) return `[${value.map(valueKey).join()}]`;
  if (value !== null && typeof value === 'object') return `{${shapesKey(value as Batch)}}`;
  return typeof value === 'number' ? `number ${value}` : JSON.stringify(value);
}
