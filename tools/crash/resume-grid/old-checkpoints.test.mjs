// Checkpoints of every version of the format that was released: each is read, and the run goes on bit for bit.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import * as tf from '@tensorflow/tfjs';
import { withLog } from '@x/trainer-core';

import { startOldRun, weightsOf } from './old-run.mjs';

const FIXTURES = join(import.meta.dirname, '../../../packages/checkpoint/src/__fixtures__');
const versions = (await readdir(FIXTURES)).filter((name) => name.startsWith('version-'));

tf.env().set('PROD', true);
await tf.setBackend('cpu');

test('there is a checkpoint of each version', () => assert.deepEqual(versions.sort(), ['version-1', 'version-2']));

for (const version of versions) {
  test(`a run of ${version} goes on as if it had not been stopped`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'old-checkpoint-'));
    const warnings = [];
    try {
      await cp(join(FIXTURES, version, 'run'), folder, { recursive: true });
      const { trainer, model } = startOldRun(folder);
      const log = { info: () => undefined, warn: (text) => void warnings.push(text) };
      // under another tfjs its version is all that may differ
      await withLog(log, () => trainer.train({ resume: 'anyway' }));
      const expected = JSON.parse(await readFile(join(FIXTURES, version, 'expected.json'), 'utf8'));
      assert.deepEqual(await weightsOf(model), expected);
      assert.equal(trainer.batchNumTotal, 12);
      assert.deepEqual(
        warnings.filter((text) => !/: (versions\.tfjs|engine\.version): /.test(text)),
        [],
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
