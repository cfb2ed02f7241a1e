import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Runs something with a folder of its own, which is gone afterwards. */
export async function inTemporaryFolder(run) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'x-crash-'));
  try {
    return await run(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
