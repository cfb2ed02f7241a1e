// Exact resume: a run that is stopped anywhere, and gone on with in new objects from what was stored, is bit for bit the run
// that was not stopped. `node tools/crash/run.mjs --only resume`, or alone: `node tools/crash/resume-grid/run.mjs`.
import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs';

import { allOn, everyRow, inWords, OTHERS, pairwiseRows } from './combinations.mjs';
import { differences, lineDifferences } from './compare.mjs';
import { MemoryStore } from './memory-store.mjs';
import { MUTANTS, without, WITHOUT_EFFECT } from './mutants.mjs';
import { EPOCHS, startRun, stepsPerEpoch, train } from './start-run.mjs';
import { runUntil } from './stops.mjs';

export const name = 'resume-grid';

/** The runs that were not stopped, by combination: each serves all stops. */
class WholeRuns {
  byCombination = new Map();

  async of(combination) {
    const key = inWords(combination);
    if (!this.byCombination.has(key)) {
      const whole = await train(startRun(combination, new MemoryStore()));
      if (whole.error !== null) throw whole.error;
      this.byCombination.set(key, whole);
    }
    return this.byCombination.get(key);
  }
}

export async function suite({ check, reduced }) {
  const wholes = new WholeRuns();
  const rows = reduced
    ? [...pairwiseRows('eager'), ...pairwiseRows('onnx').slice(0, 8), ...everyRow(OTHERS)]
    : [...everyRow(allOn('eager')), ...everyRow(OTHERS), ...everyRow(allOn('onnx'))];
  for (const { combination, stops } of rows) {
    for (const stop of stops) {
      await check(`${inWords(combination)}: stopped at ${stop}`, () => equalsWhole(wholes, combination, [stop]));
    }
  }
  for (const seed of reduced ? [1] : [1, 2, 3, 4, 5]) {
    const combination = { ...MUTANTS[0].in, optimizer: 'multi', average: 'on', data: 'bucket', group: 1 };
    const stops = randomSteps(10, EPOCHS * stepsPerEpoch(combination), seed);
    await check(`stopped ten times, seed ${seed}: ${stops.join(', ')}`, () => equalsWhole(wholes, combination, stops));
  }
  for (const mutant of MUTANTS) {
    const title = `${mutant.part} is lost, ${inWords(mutant.in)}`;
    await check(`${title}: it shows`, () => shows(wholes, mutant));
    if (!mutant.part.includes(' ') && mutant.part !== 'rawParameters') {
      await check(`${title}: it is refused`, () => isRefused(mutant.in, mutant.stop, mutant.apply));
    }
  }
  for (const part of WITHOUT_EFFECT) {
    await check(`${part} is lost: it is refused`, () => isRefused(MUTANTS[0].in, 'midEpoch', without(part)));
  }
  await check('every part of a checkpoint has a mutant', allPartsAreLost);
}

async function equalsWhole(wholes, combination, stops) {
  const whole = await wholes.of(combination);
  const tensors = tf.memory().numTensors;
  const store = new MemoryStore();
  const starts = [];
  for (const stop of stops) starts.push(await runUntil(stop, combination, store));
  assert.deepEqual(await resumed(whole, combination, store, starts), []);
  assert.equal(tf.memory().numTensors, tensors, 'tensors are left behind');
}

async function resumed(whole, combination, store, starts, options = {}) {
  const { resume, ...others } = options;
  const { end, error, lines } = await train(startRun(combination, store, others), { resume });
  if (error !== null) throw error;
  return [...differences(whole.end, end), ...lineDifferences(whole.lines, [...starts, lines])];
}

async function shows(wholes, { in: combination, stop, apply }) {
  const whole = await wholes.of(combination);
  const store = new MemoryStore();
  const starts = [await runUntil(stop, combination, store)];
  assert.deepEqual(await resumed(whole, combination, store.copy(), starts, { resume: 'anyway' }), []);
  const found = await resumed(whole, combination, store, starts, { resume: 'anyway', alter: apply });
  assert.notDeepEqual(found, [], 'nobody notices');
}

async function isRefused(combination, stop, alter) {
  const store = new MemoryStore();
  await runUntil(stop, combination, store);
  const { error } = await train(startRun(combination, store, { alter }));
  assert.equal(error?.code, 'X_CHECKPOINT', String(error));
}

async function allPartsAreLost() {
  const combination = { ...MUTANTS[0].in, average: 'on', momentum: true, scaled: true };
  const store = new MemoryStore();
  await runUntil('midEpoch', combination, store);
  let parts = [];
  const alter = (saved) => {
    parts = Object.keys(saved.trainingState);
    return saved;
  };
  await train(startRun(combination, store, { alter }));
  const lost = new Set([...MUTANTS.map(({ part }) => part), ...WITHOUT_EFFECT, 'version', 'run']);
  assert.deepEqual(
    parts.filter((part) => !lost.has(part)),
    [],
  );
  assert.ok(parts.length > 10);
}

/** So many different steps from 1 to `last`, in their order; a small generator, so that a seed gives the same ones for ever. */
function randomSteps(count, last, seed) {
  const left = Array.from({ length: last }, (_, i) => i + 1);
  let state = seed;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  return Array.from({ length: count }, () => left.splice(Math.floor(next() * left.length), 1)[0]).sort((a, b) => a - b);
}
