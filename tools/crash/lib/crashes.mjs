import assert from 'node:assert/strict';

import { DefaultCheckpointer } from '@x/checkpoint';
import { fates, randomFate } from '@x/checkpoint/testing';
import { RandomStreams } from '@x/trainer-core';

import { best, checkpointerOn, newest, save, warningsOf } from './fake-run.mjs';
import { copyOf, fileSystemAfter, tidyPaths } from './scenarios.mjs';

/** The crashes at every moment of a scenario's save, with every fate of what was not synced. */
export async function crashesOf(scenario, randomFates, storeOn = null) {
  const files = copyOf(await fileSystemAfter(scenario.before));
  const checkpointer = storeOn === null ? checkpointerOn(files) : new DefaultCheckpointer({ store: storeOn(files) });
  await save(checkpointer, scenario.save);
  return [...Array(files.moments + 1).keys()].flatMap((moment) =>
    fates(randomFates).map((fate) => ({
      name: `${scenario.name}, moment ${moment} of ${files.moments}, ${fate.name}`,
      remains: () => files.crash(moment, fate.make()),
      acknowledged: moment === files.moments,
    })),
  );
}

/** What two crashes leave: one in a scenario's save, one in the save by which the next process makes up for it. */
export async function remainsOfTwoCrashes(scenario, seed) {
  const stream = new RandomStreams(seed).stream('moments');
  let files = await fileSystemAfter(scenario.before);
  for (const attempt of [0, 1]) {
    const [draw] = stream.at(attempt).uniforms(1);
    await save(checkpointerOn(files), scenario.save);
    files = files.crash(Math.floor(draw * files.moments), randomFate(2 * seed + attempt));
  }
  return files;
}

/** What is left in the end of a run that nothing disturbs. */
export async function undisturbed({ before, save: saving, next }) {
  return tidyPaths(await fileSystemAfter([...before, saving, next]));
}

/**
 * What remains of a disturbed save: all of the old checkpoint or all of the new one, of which nothing is damaged; and a
 * run that goes on from there ends with the files of one that nothing disturbed.
 *
 * @param acknowledged whether the save was over, so that it must be the new one.
 */
export async function isOldOrNew(remains, { old, oldBest, save: saving, next }, atTheEnd, acknowledged) {
  const resumed = checkpointerOn(remains);
  let found;
  const warnings = await warningsOf(async () => (found = await newest(resumed)));
  assert.deepEqual(warnings, [], 'nothing is damaged');
  assert.ok([acknowledged ? saving.value : old, saving.value].includes(found), `the newest is neither: ${found}`);

  const bestBefore = saving.best ? [...(found === saving.value ? [] : [oldBest]), saving.value] : [oldBest];
  const bestFound = await best(resumed);
  assert.ok(bestBefore.includes(bestFound), `the best are ${bestFound}, not ${bestBefore.join(' or ')}`);

  if (found !== saving.value) await save(resumed, saving);
  assert.equal(await newest(checkpointerOn(remains)), saving.value, 'the run saves what was lost');
  await save(resumed, next);
  assert.equal(await newest(checkpointerOn(remains)), next.value, 'the run goes on');
  assert.deepEqual(tidyPaths(remains), atTheEnd, 'the run clears away what the crash left');
}
