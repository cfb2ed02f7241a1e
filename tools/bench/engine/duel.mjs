import { setTimeout as rest } from 'node:timers/promises';

import { median } from '../lib.mjs';

/** Before each burst: the threads of the contestant before spin on for a while. */
const REST_MS = 25;

/**
 * Lets two contestants train in bursts in turn, in reversed order every round, so that what slows the machine down for a
 * while slows both. One after the other would be wrong by up to two times on a shared machine.
 *
 * @returns for each window the median over its rounds of (step time of the rival / step time of ours), and all bursts of ours.
 */
export async function duel(ours, rival, { windows, rounds, burstMs }) {
  const ratios = [];
  const bursts = { ours: [], rival: [] };
  for (let window = 0; window < windows; window++) {
    const inWindow = [];
    for (let round = 0; round < rounds; round++) {
      const inTurn = round % 2 === 0 ? ['ours', 'rival'] : ['rival', 'ours'];
      const result = {};
      for (const side of inTurn) {
        await rest(REST_MS);
        result[side] = await (side === 'ours' ? ours : rival).burst(burstMs);
      }
      for (const side of inTurn) bursts[side].push(result[side]);
      inWindow.push(stepMs(result.rival) / stepMs(result.ours));
    }
    ratios.push(median(inWindow));
  }
  return { ratios, ...bursts };
}

export const stepMs = ({ times }) => median(times);

/** The middle over windows, and from where to where they go. */
export function withSpread(ratios) {
  return `${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)})`;
}
