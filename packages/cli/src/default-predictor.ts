import * as tf from '@tensorflow/tfjs-core';
import { DataError, inject, Predictor, TheModel, TrainerError } from '@x/trainer-core';
import type { Batch, Json, ModelLike, Outputs } from '@x/trainer-core';
import { z } from 'zod';

import { messageOf } from './message-of.js';

export const DefaultPredictorOptions = z.strictObject({
  dtypes: z
    .record(z.string(), z.enum(['float32', 'int32']))
    .default({})
    .describe('The tensor type of a field by its name, such as int32 for tokens that are looked up; default: float32'),
});

type Fields = { readonly [name: string]: Json };

/**
 * The predictor for models whose inputs are tensors: each request is an object with the model's batch fields for one
 * example, numbers (true is 1, false 0) or nested lists of them; each answer is an object with that example's row of every
 * output.
 *
 * The requests of one call are stacked to one batch, `[requests, ...shape of the value]`, so they must have the same fields
 * and shapes. Outputs that have no row per request, such as the loss, are left out.
 */
@Predictor.register('default', DefaultPredictorOptions)
export class DefaultPredictor extends Predictor {
  constructor(
    private readonly options: z.output<typeof DefaultPredictorOptions>,
    @inject(TheModel) private readonly model: ModelLike,
  ) {
    super();
  }

  /** @throws DataError (`X_DATA_INVALID`) for requests that cannot be stacked, or that the model does not take. */
  override async predict(requests: readonly Json[]): Promise<Json[]> {
    if (requests.length === 0) return [];
    const outputs = tf.tidy(() => this.answer(this.batchOf(requests)));
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

  private answer(batch: Batch): Outputs {
    try {
      return this.model.forward(batch, { training: false });
    } catch (error) {
      if (error instanceof TrainerError) throw error;
      const fields = (Object.entries(batch) as [string, tf.Tensor][]).map(
        ([name, { dtype, shape }]) => `${name}: ${dtype} [${shape}]`,
      );
      throw new DataError(
        'X_DATA_INVALID',
        `the model does not take requests with the fields ${fields.join(', ')}: ${messageOf(error)}; ` +
          'the option dtypes of the predictor says which fields are int32',
        { cause: error },
      );
    }
  }

  private batchOf(requests: readonly Json[]): Batch {
    const examples = requests.map(fieldsOf);
    const names = Object.keys(examples[0]!);
    examples.forEach((example, i) => {
      const surplus = Object.keys(example).find((name) => !names.includes(name));
      if (surplus !== undefined) throw invalid(i, `the fields of the first request (${names.join(', ')})`, example);
    });
    return Object.fromEntries(names.map((name) => [name, this.column(name, examples)]));
  }

  private column(name: string, examples: readonly Fields[]): tf.Tensor {
    const shape = shapeOf(examples[0]![name]!);
    const values = examples.map((example, i) => {
      const value = example[name];
      if (value === undefined) throw invalid(i, `a value for "${name}", as the first request has`, example);
      const own = shapeOf(value);
      if (own === null) {
        const expected = `numbers, or lists of numbers of one length, for "${name}"`;
        throw invalid(i, expected, value, '; a "predictor" of your own turns other requests into these');
      }
      if (String(own) !== String(shape))
        throw invalid(i, `"${name}" of the first request's shape [${String(shape)}]`, value);
      return value;
    });
    const dtype = this.options.dtypes[name] ?? 'float32';
    return tf.tensor(values as unknown as tf.TensorLike, [examples.length, ...shape!], dtype);
  }
}

function fieldsOf(request: Json, index: number): Fields {
  if (typeof request === 'object' && request !== null && !Array.isArray(request)) return request as Fields;
  throw invalid(index, 'an object with a value per input of the model', request);
}

/**
 * The shape of numbers or of nested lists of them, null of anything else: tfjs would make NaN of a string and 0 of null, and
 * cut off what does not fit the first list's length.
 */
function shapeOf(value: Json): readonly number[] | null {
  if (typeof value === 'number' || typeof value === 'boolean') return [];
  if (!Array.isArray(value)) return null;
  const shapes = (value as readonly Json[]).map(shapeOf);
  const [first = []] = shapes;
  if (first === null || shapes.some((shape) => shape === null || String(shape) !== String(first))) return null;
  return [shapes.length, ...first];
}

function invalid(index: number, expected: string, received: Json, advice = ''): DataError {
  return new DataError(
    'X_DATA_INVALID',
    `request ${index + 1} of its batch: expected ${expected}, received ${JSON.stringify(received).slice(0, 80)}${advice}`,
  );
}
