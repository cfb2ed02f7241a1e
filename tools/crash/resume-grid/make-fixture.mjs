/**
 * Writes the checkpoint of a short run, stopped in the middle of its second epoch, and the weights of the run that was not
 * stopped: `node tools/crash/resume-grid/make-fixture.mjs <folder>`. It is run once for each version of the format, with the
 * release that writes it, and its output is kept under `packages/checkpoint/src/__fixtures__`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startOldRun, weightsOf } from './old-run.mjs';

const [, , folder] = process.argv;
if (folder === undefined) throw new TypeError('expected the folder to write to');

await mkdir(folder, { recursive: true });
const elsewhere = await mkdtemp(join(tmpdir(), 'whole-run-'));
const whole = startOldRun(elsewhere);
await whole.trainer.train();
const weights = await weightsOf(whole.model);
await rm(elsewhere, { recursive: true });

const stopped = startOldRun(join(folder, 'run'), 5);
await stopped.trainer.train({ signal: stopped.signal }).catch((error) => {
  if (error.code !== 'X_INTERRUPTED') throw error;
});
await writeFile(join(folder, 'expected.json'), `${JSON.stringify(weights, null, 2)}\n`);
