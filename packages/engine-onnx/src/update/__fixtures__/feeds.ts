import type { Value } from '../../graph/value.js';
import { nodesBelow } from '../../graph/walk.js';
import type { WrittenState } from '../elementwise.js';
import type { Feeds } from './both-ways.js';
import { NUMBERS } from './rules.js';

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** For each input of a step: `numbers/...` from the table, averages of squares and sizes not negative, the rest of any sign. */
export function feedsFor(states: readonly WrittenState[], seed = 1): Feeds {
  const random = generator(seed);
  const inputs = nodesBelow(states.flatMap(({ before, after }) => [before, after]))
    .flatMap(({ outputs }) => outputs)
    .filter(({ op }) => op === 'Input');
  return Object.fromEntries(inputs.map((input) => [nameOf(input), elementsOf(input, random)]));
}

function nameOf({ attributes }: Value): string {
  return attributes['name'] as string;
}

function elementsOf(input: Value, random: () => number): Float32Array {
  const name = nameOf(input);
  const number = NUMBERS[name.replace('numbers/', '')];
  if (number !== undefined) return Float32Array.of(number);
  const low = /Sq|square|accDelta|sum|Inf|stepSize/.test(name) ? 0 : -1;
  return Float32Array.from({ length: input.size }, () => (low + (1 - low) * random()) * 10 ** (-4 * random()));
}
