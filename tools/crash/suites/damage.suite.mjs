import assert from 'node:assert/strict';

import { RandomStreams } from '@x/trainer-core';

import { best, checkpointerOn, endOf, newest, RUN_FOLDER, warningsOf } from '../lib/fake-run.mjs';
import { copyOf, fileSystemAfter } from '../lib/scenarios.mjs';

export const name = 'damage';

const OLDER = 'checkpoints/epoch_0';
const NEWEST = 'checkpoints/epoch_1';

export async function suite({ check, reduced }) {
  const whole = await fileSystemAfter([
    { position: endOf(0), value: 1 },
    { position: endOf(1), value: 2, best: true },
  ]);
  const paths = whole.paths();
  const ofNewest = paths.filter((path) => path.startsWith(`${RUN_FOLDER}/${NEWEST}/`));
  await check('a checkpoint has files', () => assert.ok(ofNewest.length > 1));
  for (const path of paths.filter((path) => !path.includes(OLDER))) {
    const fallsBack = ofNewest.includes(path) ? isPassedOver : isOfNoConsequence;
    for (const { how, content } of damagesOf(await whole.read(path), reduced)) {
      await check(`${path} ${how}`, async () => fallsBack(await replaced(whole, path, content)));
    }
  }
}

/** The content cut at every 1/64 of its length, and with a bit flipped in 256 places. */
function damagesOf(content, reduced) {
  const [cuts, flips] = reduced ? [16, 32] : [64, 256];
  const bits = new RandomStreams(0).stream('bits').uniforms(flips);
  return [
    ...Array.from({ length: cuts }, (_, i) => {
      const length = Math.floor((content.length * i) / cuts);
      return { how: `cut to ${length} of ${content.length} bytes`, content: content.subarray(0, length) };
    }),
    ...Array.from({ length: flips }, (_, i) => {
      const [at, bit] = [Math.floor((content.length * i) / flips), Math.floor(8 * bits[i])];
      const flipped = Uint8Array.from(content);
      flipped[at] ^= 1 << bit;
      return { how: `with bit ${bit} of byte ${at} flipped`, content: flipped };
    }),
  ];
}

async function replaced(files, path, content) {
  const copy = copyOf(files);
  const file = await copy.open(path, 'w');
  await file.write(content);
  return copy;
}

async function isPassedOver(files) {
  const warnings = await warningsOf(async () => assert.equal(await newest(checkpointerOn(files)), 1));
  assert.equal(warnings.length, 1, `expected one warning, not: ${warnings.join('; ')}`);
  assert.ok(warnings[0].includes(NEWEST) && warnings[0].includes(OLDER), `it does not name both: ${warnings[0]}`);
}

/** A pointer says nothing of which checkpoint is the newest whole one; as to the best, it is right or refused. */
async function isOfNoConsequence(files) {
  assert.deepEqual(await warningsOf(async () => assert.equal(await newest(checkpointerOn(files)), 2)), []);
  const found = await best(checkpointerOn(files)).catch((error) => error.code);
  assert.ok([2, 'X_CHECKPOINT', 'X_CHECKPOINT_CORRUPT'].includes(found), `the best: ${found}`);
}
