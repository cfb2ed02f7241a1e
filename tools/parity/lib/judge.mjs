import { TrainerError } from '@x/trainer-core';

import { Mismatch, NotCovered } from './outcome.mjs';

/**
 * Runs a case and says how it went: `passed`, `failed`, `known` (it differs, as it is meant to) or `uncovered`, with the
 * detail that explains the last three.
 *
 * @param knownDifference gives the reason why a fixture of a family may differ at some place, or null. Only a mismatch can
 * be meant, and a config that is refused (the place is `the config`): any other error is a failure.
 */
export async function judge({ name, fixture, run }, family, knownDifference) {
  try {
    await run();
    return { name, outcome: 'passed' };
  } catch (error) {
    if (error instanceof NotCovered) return { name, outcome: 'uncovered', detail: error.message };
    const at = error instanceof Mismatch ? error.at : error instanceof TrainerError ? 'the config' : null;
    if (at === null) return { name, outcome: 'failed', detail: error.stack };
    const reason = knownDifference(family, fixture, at);
    if (reason !== null) return { name, outcome: 'known', detail: reason };
    return { name, outcome: 'failed', detail: error.message };
  }
}

/** How many of each outcome there are. */
export function tally(verdicts) {
  const counts = { passed: 0, failed: 0, known: 0, uncovered: 0 };
  for (const { outcome } of verdicts) counts[outcome] += 1;
  return counts;
}

export function summary({ passed, failed, known, uncovered }) {
  return `parity: ${passed} passed, ${failed} failed, ${known} known differences, ${uncovered} not yet covered`;
}

/** The counts as the other test suites leave them: a known difference is as wanted. */
export function testCounts({ passed, failed, known, uncovered }) {
  return { passed: passed + known, failed, skipped: uncovered };
}

/** Of a file that no family reads, every case. */
export function uncoveredCases(content) {
  const names = Array.isArray(content.cases) ? content.cases.map(({ name }, i) => name ?? `cases[${i}]`) : ['the run'];
  return names.map((name) => ({ name, outcome: 'uncovered', detail: 'no family reads this file' }));
}
