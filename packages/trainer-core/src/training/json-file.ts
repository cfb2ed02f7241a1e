import { rename, rm, writeFile } from 'node:fs/promises';

import { SerializationDirError } from '../errors.js';

/**
 * Writes a JSON file completely or not at all. Numbers that JSON lacks become the strings "NaN" and "Infinity".
 *
 * @throws SerializationDirError (`X_DIR_NOT_WRITABLE`) with what the system says as its cause.
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(
    value,
    (_, item: unknown) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item),
    2,
  );
  const temporary = `${path}.tmp`;
  try {
    await writeFile(temporary, `${text}\n`);
    await rename(temporary, path);
  } catch (error) {
    // what is left of it would take room on a full disk
    await rm(temporary, { force: true }).catch(() => undefined);
    const { code, message } = error as NodeJS.ErrnoException;
    throw new SerializationDirError(
      'X_DIR_NOT_WRITABLE',
      `${path} could not be written: ${code === 'ENOSPC' ? 'there is no space left (ENOSPC); free some' : message}`,
      { cause: error },
    );
  }
}
