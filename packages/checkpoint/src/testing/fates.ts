import { RandomStreams } from '@x/trainer-core';

import type { Change } from './disk.js';
import type { Fate, Survival } from './model-file-system.js';

/** Everything that was not synced is lost, as in a power cut. */
export const allDropped: Fate = () => 'dropped';

/** Everything that was not synced survives, as when only the process dies. */
export const allKept: Fate = () => 'kept';

/** Names reach the disk before contents: files are there, and empty. */
export const namesBeforeData: Fate = (change) => (change.kind === 'entries' ? 'kept' : 'dropped');

/** Names and sizes reach the disk before contents: files are there, and zeros. */
export const zeroedData: Fate = (change) => (change.kind === 'data' ? 'zeroed' : 'kept');

/** Contents reach the disk before names: a file that was replaced has changed in place, a new one is lost. */
export const dataBeforeNames: Fate = (change) => (change.kind === 'entries' ? 'dropped' : 'kept');

/** Any part of what was not synced survives; each call gives one that decides alike. */
export function randomFate(seed: number): Fate {
  const stream = new RandomStreams(seed).stream('crash');
  let changes = 0;
  return (change: Change): Survival => {
    const options: readonly Survival[] =
      change.kind === 'data' ? ['kept', 'kept', 'dropped', 'torn', 'zeroed'] : ['kept', 'dropped'];
    const [draw] = stream.at(changes++).uniforms(1);
    return options[Math.floor(draw! * options.length)]!;
  };
}

/** The extremes, and random ones: what a crash is tried with at every moment. */
export function fates(randomOnes: number): { readonly name: string; readonly make: () => Fate }[] {
  return [
    { name: 'all dropped', make: () => allDropped },
    { name: 'all kept', make: () => allKept },
    { name: 'names before data', make: () => namesBeforeData },
    { name: 'zeroed data', make: () => zeroedData },
    { name: 'data before names', make: () => dataBeforeNames },
    ...Array.from({ length: randomOnes }, (_, seed) => ({ name: `random ${seed}`, make: () => randomFate(seed) })),
  ];
}
