import assert from 'node:assert/strict';

import { allDropped, FaultyFileSystem } from '@x/checkpoint/testing';

import { isOldOrNew, undisturbed } from '../lib/crashes.mjs';
import { checkpointerOn, newest, save, startSaving, warningsOf } from '../lib/fake-run.mjs';
import { copyOf, fileSystemAfter, scenarios } from '../lib/scenarios.mjs';

export const name = 'failing calls';

const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'];

export async function suite({ check, reduced }) {
  for (const scenario of scenarios) {
    const subject = {
      scenario,
      template: await fileSystemAfter(scenario.before),
      atTheEnd: await undisturbed(scenario),
    };
    const calls = await callsOf(subject);
    await check(`${scenario.name}: a save makes calls`, () => assert.ok(calls > 10));
    for (let call = 1; call <= calls; call += 1) {
      for (const persistent of [false, true]) {
        for (const code of reduced ? [CODES[call % CODES.length]] : CODES) {
          const label = `${scenario.name}, ${code} at call ${call}${persistent ? ' and later' : ''} of ${calls}`;
          await check(label, () => survives(subject, { call, code, persistent }));
        }
      }
    }
  }
}

async function callsOf({ scenario, template }) {
  const counting = new FaultyFileSystem(copyOf(template), null);
  await save(checkpointerOn(counting), scenario.save);
  return counting.calls;
}

/** The save fails with one error or succeeds, perhaps with one warning; in any case a checkpoint is there. */
async function survives({ scenario, template, atTheEnd }, fault) {
  const files = copyOf(template);
  const faulty = new FaultyFileSystem(files, fault);
  const checkpointer = checkpointerOn(faulty);
  const errors = [];
  const collect = (error) => errors.push(error);
  const warnings = await warningsOf(async () => {
    await startSaving(checkpointer, scenario.save).catch(collect);
    await checkpointer.flush().catch(collect);
    await checkpointer.flush().catch(collect);
  });
  assert.ok(faulty.failures > 0);
  // a call whose failure costs nothing, such as tidying up a folder that is not empty, may pass in silence
  assert.ok(errors.length + warnings.length <= 1, `reported more than once: ${[...errors, ...warnings].join('; ')}`);
  for (const error of errors) {
    assert.equal(error.name, 'CheckpointError');
    assert.equal(error.code, 'X_CHECKPOINT');
    assert.ok(error.message.includes(fault.code), error.message);
  }
  const saved = errors.length === 0;
  await isOldOrNew(copyOf(files), scenario, atTheEnd, saved);
  // what was acknowledged is durable, although the calls before it failed
  if (saved) await isOldOrNew(files.crash(files.moments, allDropped), scenario, atTheEnd, true);
  await retriedIsDurable(files, scenario);
}

/** The same process goes on once the trouble is over, and then the machine crashes. */
async function retriedIsDurable(files, { save: saving }) {
  await save(checkpointerOn(files), saving);
  assert.equal(await newest(checkpointerOn(files.crash(files.moments, allDropped))), saving.value);
}
