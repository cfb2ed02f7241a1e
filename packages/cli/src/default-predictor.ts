import * as tf from '@tensorflow/tfjs-core';
import {
  Collation,
  DataError,
  disposeBatch,
  EagerEngine,
  Engine,
  Inference,
  inject,
  Predictor,
  TheModel,
  TrainerError,
} from '@x/trainer-core';
import type { Batch, Collate, Json, ModelLike, Outputs } from '@x/trainer-core';
import { z } from 'zod';

import { messageOf } from './message-of.js';

export const DefaultPredictorOptions = z.strictObject({
  dtypes: z
    .record(z.string(), z.enum(['float32', 'int32']))
    .default({})
    .describe(
      'The tensor type of a field of numbers by its name, such as int32 for indices that are looked up; default: float32',
    ),
});

type Fields = { readonly [name: string]: Json };

/**
 * The default predictor. Each request is an object with the model's inputs for one example; each answer is an object with
 * that example's row of every output. Outputs that have no row per request, such as the loss, are left out.
 *
 * Where the run has a dataset reader, a request is an example as the reader gives it, labels left out if they are not
 * known, and the requests of one call are a batch as the run's data loader makes it: tokens become their numbers in the
 * vocabulary, lists of several lengths are padded and masked.
 *
 * Elsewhere a request has numbers (true is 1, false 0) or nested lists of them, which are stacked to
 * `[requests, ...shape of the value]`, so that the requests of one call must have the same fields and shapes.
 */
@Predictor.register('default', DefaultPredictorOptions)
export class DefaultPredictor extends Predictor {
  private readonly inference: Inference;

  constructor(
    private readonly options: z.output<typeof DefaultPredictorOptions>,
    @inject(TheModel) model: ModelLike,
    @inject(Collation, { optional: true }) private readonly collate: Collate | null = null,
    @inject(Engine, { optional: true }) engine: Engine = new EagerEngine(),
  ) {
    super();
    this.inference = new Inference(engine, model);
  }

  /** @throws DataError (`X_DATA_INVALID`) for requests that make no batch, or that the model does not take. */
  override async predict(requests: readonly Json[]): Promise<Json[]> {
    if (requests.length === 0) return [];
    const batch = await this.batchOf(requests.map(fieldsOf));
    try {
      return await this.rowsOf(batch, requests.length);
    } finally {
      disposeBatch(batch);
    }
  }

  private async batchOf(examples: readonly Fields[]): Promise<Batch> {
    if (this.collate === null) return tf.tidy(() => this.stacked(examples));
    try {
      return await this.collate(examples, this.options.dtypes);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(error.code, `the requests: ${error.message}`, { cause: error });
    }
  }

  private async rowsOf(batch: Batch, count: number): Promise<Json[]> {
    const outputs = await this.answer(batch);
    try {
      const rows = Array.from({ length: count }, (): Record<string, Json> => ({}));
      for (const [name, tensor] of Object.entries(outputs)) {
        if (tensor.shape[0] !== count) continue;
        const values = (await tensor.array()) as Json[];
        rows.forEach((row, i) => (row[name] = values[i]!));
      }
      return rows;
    } finally {
      tf.dispose(outputs);
    }
  }

  private async answer(batch: Batch): Promise<Outputs> {
    try {
      return await this.inference.run(batch);
    } catch (error) {
      if (error instanceof TrainerError) throw error;
      const fields = Object.entries(batch).map(([name, value]) =>
        value instanceof tf.Tensor ? `${name}: ${value.dtype} [${value.shape}]` : `${name}: a list`,
      );
      throw new DataError(
        'X_DATA_INVALID',
        `the model does not take requests with the fields ${fields.join(', ')}: ${messageOf(error)}; ` +
          'the option dtypes of the predictor says which fields are int32',
        { cause: error },
      );
    }
  }

  private stacked(examples: readonly Fields[]): Record<string, tf.Tensor> {
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
