import assert from 'node:assert/strict';

import { crashesOf, isOldOrNew, remainsOfTwoCrashes, undisturbed } from '../lib/crashes.mjs';
import { mutants } from '../lib/mutants.mjs';
import { scenarios } from '../lib/scenarios.mjs';

export const name = 'crash points';

export async function suite({ check, reduced }) {
  for (const scenario of scenarios) {
    const atTheEnd = await undisturbed(scenario);
    for (const { name, remains, acknowledged } of await crashesOf(scenario, reduced ? 1 : 10)) {
      await check(name, () => isOldOrNew(remains(), scenario, atTheEnd, acknowledged));
    }
    for (const seed of Array(reduced ? 5 : 50).keys()) {
      const label = `${scenario.name}, crashed and crashed again, ${seed}`;
      await check(label, async () => isOldOrNew(await remainsOfTwoCrashes(scenario, seed), scenario, atTheEnd, false));
    }
  }
  for (const [mutant, storeOn] of Object.entries(mutants)) {
    await check(`a store that ${mutant} is caught`, () => isCaught(storeOn));
  }
}

async function isCaught(storeOn) {
  const scenario = scenarios.find(({ before }) => before.length > 1);
  const atTheEnd = await undisturbed(scenario);
  for (const { remains, acknowledged } of await crashesOf(scenario, 3, storeOn)) {
    const error = await isOldOrNew(remains(), scenario, atTheEnd, acknowledged).catch((thrown) => thrown);
    if (error !== undefined) return;
  }
  assert.fail('no crash shows what it lacks');
}
