import { EngineError } from '@x/trainer-core';

import type { Model, ModelConstant } from './model.js';

/** ONNX Runtime reads protocol buffers of less than 2 GiB; 64 MiB of it are left to nodes, of some 200 bytes each. */
export const LARGEST_CONSTANTS = 2 ** 31 - 64 * 2 ** 20;

/** A message names this many constants, if they are at least a hundredth of all. */
const NAMED = 3;

/**
 * Refuses a model that ONNX Runtime could not read, before anything is encoded. Of a model as large as that nearly all
 * is constants: weights and batches are inputs.
 *
 * @throws EngineError (`X_ONNX_MODEL_TOO_LARGE`) with the largest constants.
 */
export function refuseTooLarge(model: Model, limit: number = LARGEST_CONSTANTS): void {
  const bytes = model.constants.reduce((sum, { data }) => sum + data.byteLength, 0);
  if (bytes <= limit) return;
  const largest = model.constants
    .filter(({ data }) => data.byteLength >= bytes / 100)
    .sort((a, b) => b.data.byteLength - a.data.byteLength)
    .slice(0, NAMED);
  throw new EngineError(
    'X_ONNX_MODEL_TOO_LARGE',
    `the compiled step holds ${gigabytes(bytes)} of constants, and a model of ONNX Runtime at most ${gigabytes(limit)}; ` +
      `the largest: ${largest.map((constant) => described(constant, model)).join('; ')}. Constants are the arrays that ` +
      'the model makes or captures outside its variables: hand them over as fields of the batch, or make them variables ' +
      '(trainable or not)',
  );
}

function described({ name, dtype, shape, data }: ModelConstant, { nodes }: Model): string {
  const user = nodes.find(({ inputs }) => inputs.includes(name));
  return `${dtype} [${shape.join(', ')}], ${gigabytes(data.byteLength)}${user === undefined ? '' : `, used by ${user.name}`}`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
