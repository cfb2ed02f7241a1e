import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Runs something with a folder of its own, which is removed afterwards. */
export async function inFolder(run) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parity-'));
  try {
    return await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
