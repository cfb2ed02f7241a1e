import { evaluate } from './__fixtures__/evaluate.js';
import { randomProgram } from './__fixtures__/random-program.js';
import { Graph } from './graph.js';
import { simplifications } from './simplifications.js';
import type { GraphOptions } from './simplifications.js';

const none = Object.fromEntries(simplifications.map((name) => [name, false])) as GraphOptions;
const without = (name: string): GraphOptions => ({ [name]: false });
const only = (name: string): GraphOptions => ({ ...none, [name]: true });

/** The results of both, and whether all numbers are close. */
function expectSame(seed: number, options: GraphOptions): void {
  const plain = randomProgram(new Graph(none), seed);
  const simplified = randomProgram(new Graph(options), seed);
  expect(simplified.outputs.map(({ shape }) => shape)).toEqual(plain.outputs.map(({ shape }) => shape));
  const expected = evaluate(plain.outputs, plain.feeds);
  const actual = evaluate(simplified.outputs, simplified.feeds);
  for (const [i, elements] of expected.entries()) {
    const scale = elements.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
    for (const [j, x] of elements.entries()) {
      const y = actual[i]![j]!;
      if (Object.is(x, y) || x === y || Math.abs(x - y) <= 1e-5 * scale) continue;
      throw new Error(`seed ${seed}, output ${i}, element ${j}: ${y}, expected ${x}`);
    }
  }
}

const seeds = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => from + i);

describe('random programs', () => {
  test('compute the same with every simplification and with none', () => {
    for (const seed of seeds(1, 300)) expectSame(seed, {});
  });

  test.each(simplifications)('compute the same without %s', (name) => {
    for (const seed of seeds(1000, 40)) expectSame(seed, without(name));
  });

  test.each(simplifications)('compute the same with %s alone', (name) => {
    for (const seed of seeds(2000, 40)) expectSame(seed, only(name));
  });
});
