import assert from 'node:assert/strict';

import { DefaultCheckpointer, LocalStore } from '@x/checkpoint';
import { ModelFileSystem } from '@x/checkpoint/testing';
import { RandomStreams } from '@x/trainer-core';

import { endOf, fakeRun, RUN_FOLDER, within } from '../lib/fake-run.mjs';

export const name = 'simulated 24 hours';

const DAY = 24 * 3600;
const START = 1_600_000_000;
const STEPS_IN_AN_EPOCH = 60;

/** What is kept, in seconds and counts. */
const RULES = [
  { interval: 600, keep: 2 },
  { interval: 600, keep: 1, age: 3000 },
  { interval: 450, keep: 3, every: 3600 },
  { interval: 900, keep: null, age: 7200 },
  { interval: 900, keep: 0, every: 10_000 },
  { interval: 3600, keep: null },
  { interval: 300, keep: 2, age: 1000, every: 7200 },
];

export async function suite({ check, reduced }) {
  for (const rule of RULES) {
    for (const restarts of reduced ? [0.02] : [0, 0.02]) {
      await check(`${JSON.stringify(rule)}, a restart before ${restarts * 100} % of the steps`, async () => {
        const day = dayOf(restarts);
        assert.deepEqual(await simulated(day, rule), referenceOf(day, rule));
      });
    }
  }
}

/** The steps of a day: when each is over, in seconds, where it is, and whether a new process makes it. */
function dayOf(restarts) {
  const stream = new RandomStreams(24).stream('steps');
  const steps = [];
  for (let i = 0, time = START; ; i += 1) {
    const [duration, restart] = stream.at(i).uniforms(2);
    const startedAt = time;
    time += 20 + Math.floor(70 * duration);
    if (time > START + DAY) return steps;
    const [epoch, step] = [Math.floor(i / STEPS_IN_AN_EPOCH), (i % STEPS_IN_AN_EPOCH) + 1];
    steps.push({ time, startedAt, epoch, step, endsEpoch: step === STEPS_IN_AN_EPOCH, restarted: restart < restarts });
  }
}

/** The checkpoints that exist after a day with the checkpointer, on a clock that is set by hand. */
async function simulated(day, { interval, keep, age = null, every = null }) {
  const files = new ModelFileSystem();
  let now = START;
  const start = () =>
    new DefaultCheckpointer(
      {
        store: new LocalStore({}, RUN_FOLDER, undefined, files),
        modelSaveInterval: interval,
        numSerializedModelsToKeep: keep,
        keepMostRecentByAge: age,
        keepSerializedModelEveryNumSeconds: every,
      },
      null,
      () => now * 1000,
    );
  let checkpointer = start();
  for (const { time, startedAt, epoch, step, endsEpoch, restarted } of day) {
    now = startedAt;
    if (restarted) {
      await checkpointer.flush();
      checkpointer = start();
    }
    now = time;
    await checkpointer.maybeSaveCheckpoint(fakeRun(step), within(epoch, step));
    if (endsEpoch) await checkpointer.saveCheckpoint(fakeRun(step), endOf(epoch), epoch === 0);
  }
  await checkpointer.flush();
  const folders = files
    .paths()
    .flatMap((path) => /\/checkpoints\/(epoch_[^/]+)\/manifest\.json$/.exec(path)?.[1] ?? []);
  return folders.sort();
}

/**
 * The same from all saves of the day at once: kept are the newest, the young, the chain of those kept for good, and what
 * the pointers name (the best weights are those of the first epoch).
 */
function referenceOf(day, { interval, keep, age = null, every = null }) {
  const saves = [];
  let lastByTime = START;
  for (const { time, startedAt, epoch, step, endsEpoch, restarted } of day) {
    if (restarted) lastByTime = startedAt;
    if (time - lastByTime >= interval) {
      lastByTime = time;
      saves.push({ name: `epoch_${epoch}_step_${step}`, time });
    }
    if (endsEpoch) saves.push({ name: `epoch_${epoch}`, time });
  }
  const end = saves.at(-1).time;
  const keepsAll = keep === null && age === null;
  const isNewest = (_, i) => keepsAll || i >= saves.length - (keep ?? 0);
  const isYoung = ({ time }) => age !== null && end - time <= age;
  const forGood = new Set();
  for (const [i, save] of saves.entries()) {
    const lastForGood = Math.max(START, ...[...forGood].map(({ time }) => time));
    if (every !== null && !isNewest(save, i) && !isYoung(save) && save.time - lastForGood > every) forGood.add(save);
  }
  return saves
    .filter((save, i) => isNewest(save, i) || isYoung(save) || forGood.has(save) || isPointedAt(save, saves))
    .map(({ name }) => name)
    .sort();
}

const isPointedAt = (save, saves) => save === saves.at(-1) || save.name === 'epoch_0';
