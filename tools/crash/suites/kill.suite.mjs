import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { RandomStreams } from '@x/trainer-core';

import { Child } from '../kill/child.mjs';
import { inTemporaryFolder } from '../lib/temporary-folder.mjs';

export const name = 'killed processes';

const SCRIPT = path.join(import.meta.dirname, '..', 'kill', 'training.mjs');
const BEGINS = /^begins after (\d+)$/;
const SAVED = /^saved (\d+)$/;
const ENDS = /^ends after (\d+ with \w+)$/;

/** Numbers in the state: it is saved in the thread of the run, and in one of its own (from 1 MiB on). */
const SIZES = [1, 300_000];
/** Of the kills, this share comes while the process starts; the others after one of its first saves. */
const AT_START = 0.25;
const MOST_SAVES = 6;

export async function suite({ check, reduced }) {
  const kills = (reduced ? 20 : 200) / SIZES.length;
  await Promise.all(SIZES.map((size) => killed(size, kills, check)));
}

/** Runs of a model, one after another, until they were killed as often as is wanted. */
async function killed(size, kills, check) {
  const whole = await inTemporaryFolder((folder) => uninterrupted(folder, size));
  for (let run = 0, left = kills; left > 0; run += 1) {
    const stream = new RandomStreams(run).stream(`kills of ${size}`);
    left -= await inTemporaryFolder((folder) => untilItEnds({ folder, size, whole, kills: left, stream }, check));
  }
}

/** What a run says in the end that nobody kills, and how long it takes to start and to make a step, in ms. */
async function uninterrupted(folder, size) {
  const start = performance.now();
  const child = new Child(SCRIPT, [folder, size]);
  await child.said(BEGINS);
  const begun = performance.now();
  const { code } = await child.ended;
  assert.equal(code, 0, child.errors);
  const steps = child.numbers(SAVED).at(-1);
  return { end: endOf(child), startup: begun - start, step: (performance.now() - begun) / steps };
}

/** Kills one run again and again until it is done, or has been killed often enough; then lets it end. Returns how often. */
async function untilItEnds({ folder, size, whole, kills, stream }, check) {
  let acknowledged = 0;
  for (let attempt = 0; ; attempt += 1) {
    const child = new Child(SCRIPT, [folder, size]);
    if (attempt < kills) await killAtRandom(child, whole, stream.at(attempt));
    const { code, signal } = await child.ended;
    const killed = signal === 'SIGKILL';
    await check(`a state of ${size}, start ${attempt} of a run`, () => {
      assert.ok(killed || code === 0, `it failed: ${child.errors}`);
      const [begins] = child.numbers(BEGINS);
      assert.ok(begins === undefined || begins >= acknowledged, `from step ${begins}, but ${acknowledged} was saved`);
      if (!killed) assert.equal(endOf(child), whole.end, 'the end is that of the run that nobody killed');
    });
    acknowledged = Math.max(acknowledged, ...child.numbers(SAVED));
    if (!killed) return attempt;
  }
}

async function killAtRandom(child, { startup, step }, random) {
  const [kind, time, saves] = random.uniforms(3);
  if (kind < AT_START) {
    await delay(1.1 * startup * time);
  } else {
    const count = Math.floor(saves * (MOST_SAVES + 1));
    await (count === 0 ? child.said(BEGINS) : child.said(SAVED, count));
    await delay(2 * step * time);
  }
  child.kill('SIGKILL');
}

const endOf = (child) => child.lines.flatMap((line) => ENDS.exec(line)?.[1] ?? []).join();
