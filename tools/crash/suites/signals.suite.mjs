import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Child } from '../kill/child.mjs';
import { inTemporaryFolder } from '../lib/temporary-folder.mjs';

export const name = 'signals';

const SCRIPT = path.join(import.meta.dirname, '..', 'kill', 'long-steps.mjs');
const STEP = /^step (\d+)$/;
const SAVED = /^saved (\d+)$/;
const BEGINS = /^begins after (\d+)$/;

export async function suite({ check, reduced }) {
  const inFolder = (run) => () => inTemporaryFolder(run);
  const signals = reduced ? { SIGTERM: 143 } : { SIGTERM: 143, SIGINT: 130 };
  for (const [signal, status] of Object.entries(signals)) {
    // at the same time, as most of it is waiting
    await Promise.all([
      ...['busy', 'waiting'].map((how) =>
        check(
          `${signal} in a long step that is ${how}`,
          inFolder((folder) => savesAtTheNextBoundary(folder, signal, status, how)),
        ),
      ),
      check(
        `a second ${signal}`,
        inFolder((folder) => endsAtOnce(folder, signal, status)),
      ),
    ]);
  }
}

async function savesAtTheNextBoundary(folder, signal, status, how) {
  const step = 800;
  const child = new Child(SCRIPT, [folder, step, how]);
  await child.said(STEP, 2);
  await delay(step / 4);
  child.kill(signal);
  const { code, seconds } = await endOf(child);
  assert.equal(code, status, child.errors);
  assert.ok(seconds < step / 1000 + 2, `it took ${seconds} s`);
  assert.equal(child.numbers(STEP).at(-1), 2, 'no further step is begun');
  assert.deepEqual(child.numbers(SAVED), [2], 'the step is finished and saved');
  assert.equal(await resumesAfter(folder), 2);
}

async function endsAtOnce(folder, signal, status) {
  const child = new Child(SCRIPT, [folder, 60_000, 'waiting']);
  await child.said(STEP);
  child.kill(signal);
  await delay(300);
  assert.equal(child.process.exitCode, null, 'the first one lets the step end');
  child.kill(signal);
  const ended = await endOf(child);
  assert.ok(ended.code === status || ended.signal === signal, JSON.stringify(ended));
  assert.ok(ended.seconds < 2, `it took ${ended.seconds} s`);
  assert.equal(await resumesAfter(folder), 0);
}

async function endOf(child) {
  const start = performance.now();
  const ended = await child.ended;
  return { ...ended, seconds: (performance.now() - start) / 1000 };
}

/** The step after which another process goes on. */
async function resumesAfter(folder) {
  const child = new Child(SCRIPT, [folder, 0, 'waiting']);
  await child.said(BEGINS);
  child.kill('SIGKILL');
  await child.ended;
  return child.numbers(BEGINS)[0];
}
