import * as tf from '@tensorflow/tfjs-core';
import { DataError, inject, Predictor, TheModel } from '@x/trainer-core';
import type { Batch, Json, ModelLike } from '@x/trainer-core';

/**
 * The predictor for models whose inputs are tensors: each request is an object with the model's batch fields for one
 * example, numbers or (nested) lists of them; each answer is an object with that example's row of every output.
 *
 * The requests of one call are stacked to one batch, so they must have the same fields and shapes. Scalars such as the
 * loss are left out.
 */
@Predictor.register('default')
export class DefaultPredictor extends Predictor {
  constructor(@inject(TheModel) private readonly model: ModelLike) {
    super();
  }

  override async predict(requests: readonly Json[]): Promise<Json[]> {
    const outputs = tf.tidy(() => this.model.forward(batchOf(requests), { training: false }));
    try {
      const rows: Record<string, Json>[] = requests.map(() => ({}));
      for (const [name, tensor] of Object.entries(outputs)) {
        if (tensor.shape[0] !== requests.length) continue;
        const values = (await tensor.array()) as Json[];
        rows.forEach((row, i) => (row[name] = values[i]!));
      }
      return rows;
    } finally {
      tf.dispose(outputs);
    }
  }
}

function batchOf(requests: readonly Json[]): Batch {
  const [first] = requests;
  if (!isObject(first)) throw invalid(0, first);
  const columns = Object.keys(first).map((name) => {
    const values = requests.map((request, i) => {
      if (!isObject(request) || request[name] === undefined) throw invalid(i, request, name);
      return request[name];
    });
    try {
      return [name, tf.tensor(values as unknown as tf.TensorLike, undefined, 'float32')] as const;
    } catch (error) {
      throw new DataError(
        'X_DATA_INVALID',
        `the requests' "${name}" cannot be stacked to one tensor: numbers, or lists of numbers of one shape, are expected`,
        { cause: error },
      );
    }
  });
  return Object.fromEntries(columns);
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(index: number, request: Json | undefined, field?: string): DataError {
  const expected =
    field === undefined
      ? 'an object with a value per input of the model'
      : `a value for "${field}", as the first request has`;
  return new DataError(
    'X_DATA_INVALID',
    `request ${index + 1}: expected ${expected}, received ${JSON.stringify(request)?.slice(0, 80)}`,
  );
}
