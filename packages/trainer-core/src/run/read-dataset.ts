import { isAbsolute, resolve } from 'node:path';

import { messageOf } from '../config/show.js';
import type { DatasetReader, Instance } from '../contracts/dataset.js';
import { DataError, TrainerError } from '../errors.js';

/**
 * All examples of a path.
 *
 * @throws DataError (`X_DATA_EMPTY`, `X_DATA_INVALID`).
 */
export async function readDataset(
  reader: DatasetReader,
  path: string,
  configDir: string,
): Promise<readonly Instance[]> {
  const instances: Instance[] = [];
  try {
    for await (const instance of reader.read(located(path, configDir))) instances.push(instance);
  } catch (error) {
    if (error instanceof TrainerError) throw error;
    throw new DataError(
      'X_DATA_INVALID',
      `${path} could not be read by ${reader.constructor.name}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  if (instances.length > 0) return instances;
  throw new DataError('X_DATA_EMPTY', `No instances were read from the given filepath ${path}. Is the path correct?`);
}

/** Relative paths start at the config's folder; URLs are the reader's. */
function located(path: string, configDir: string): string {
  return isAbsolute(path) || /^[a-z][a-z0-9+.-]+:\/\//i.test(path) ? path : resolve(configDir, path);
}
