import { rename, writeFile } from 'node:fs/promises';

/** Writes a JSON file completely or not at all. Numbers that JSON lacks become the strings "NaN" and "Infinity". */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(
    value,
    (_, item: unknown) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item),
    2,
  );
  const temporary = `${path}.tmp`;
  await writeFile(temporary, `${text}\n`);
  await rename(temporary, path);
}
