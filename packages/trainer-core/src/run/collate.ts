import { isPlain } from '../config/plain-data.js';
import { disposeBatch, tensorsIn } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { DataLoader } from '../contracts/data-loader.js';
import type { Instance } from '../contracts/dataset.js';
import { DataError } from '../errors.js';
import { ComponentSpec } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import type { DTypes } from '../plugins/run-tokens.js';
import { buildLoader } from './build-run.js';
import type { PreparedRun } from './prepare-run.js';

/**
 * Some examples as one batch, in their order, made by a data loader of the run: tokens are indexed, padded and masked as in
 * training. Whoever takes the batch owns its tensors.
 *
 * Options of fields that the examples lack, such as labels, are left out. A few examples do not tell whether a field has
 * whole numbers only, so that fields of numbers are float32 unless `dtypes`, or `fields` of the data loader, say otherwise.
 *
 * @throws DataError (`X_DATA_INVALID`) for examples that the data loader refuses or does not put into one batch.
 */
export async function collate(
  run: PreparedRun,
  part: Part<DataLoader>,
  instances: readonly Instance[],
  dtypes: DTypes = {},
): Promise<Batch> {
  const loader = await buildLoader(run, inOneBatch(part, instances, dtypes), instances);
  for await (const batch of loader.epoch({ epoch: 0 })) {
    if (tensorsIn(batch).every(({ shape }) => shape[0] === instances.length)) return batch;
    disposeBatch(batch);
    break;
  }
  throw new DataError(
    'X_DATA_INVALID',
    `${loader.constructor.name} does not make one batch of ${instances.length} examples that it is given as Dataset; ` +
      'give the config a "predictor" of your own that makes it',
  );
}

function inOneBatch(part: Part<DataLoader>, instances: readonly Instance[], dtypes: DTypes): Part<DataLoader> {
  const options: unknown = part instanceof ComponentSpec ? part.options : undefined;
  if (!(part instanceof ComponentSpec) || !isPlain(options)) return part;
  const whole: Readonly<Record<string, unknown>> = {
    batchSize: instances.length,
    shuffle: false,
    seed: undefined,
    dropLast: false,
    batchesPerEpoch: null,
    sampler: null,
    batchSampler: null,
    prefetch: 0,
    fields: fieldOptions(options['fields'], instances, dtypes),
  };
  const known = Object.entries(whole).filter(([key]) => key in options);
  return new ComponentSpec<DataLoader>(part.registration, { ...options, ...Object.fromEntries(known) }, part.provided);
}

function fieldOptions(given: unknown, instances: readonly Instance[], dtypes: DTypes): Record<string, object> {
  const options: Record<string, object> = {};
  for (const name of Object.keys(instances[0] ?? {})) {
    const own = isPlain(given) && Object.hasOwn(given, name) ? (given[name] as object) : undefined;
    const isNumbers = instances.some((instance) => holdsNumbers(instance[name]));
    const dtype = Object.hasOwn(dtypes, name) ? { dtype: dtypes[name] } : {};
    if (own !== undefined || isNumbers) options[name] = { ...(isNumbers && { dtype: 'float32' }), ...own, ...dtype };
  }
  return options;
}

function holdsNumbers(value: unknown): boolean {
  return typeof value === 'number' || (Array.isArray(value) && value.some(holdsNumbers));
}
