import { evaluate } from '../graph/__fixtures__/evaluate.js';
import { operations } from '../graph/__fixtures__/operations.js';
import { randomProgram } from '../graph/__fixtures__/random-program.js';
import { Graph } from '../graph/graph.js';
import type { TypedArray, Value } from '../graph/value.js';
import { recurrence } from './__fixtures__/recurrence.js';
import { optimise, passes } from './passes.js';

const names = passes.map(({ name }) => name);

function expectSameNumbers(
  before: readonly Value[],
  after: readonly Value[],
  feeds: Readonly<Record<string, TypedArray>>,
): void {
  expect(after.map(({ shape }) => shape)).toEqual(before.map(({ shape }) => shape));
  const [expected, actual] = [evaluate(before, feeds), evaluate(after, feeds)];
  for (const [i, elements] of expected.entries()) {
    const scale = elements.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
    for (const [j, x] of elements.entries()) {
      const y = actual[i]![j]!;
      if (!Object.is(x, y) && x !== y) expect(Math.abs(y - x) / scale).toBeLessThan(1e-5);
    }
  }
}

describe('optimise', () => {
  test('has the passes by name', () => {
    expect(names).toEqual([
      'clips',
      'mergeProducts',
      'batchProducts',
      'elementwiseBeforeSlices',
      'productBias',
      'splits',
    ]);
  });

  test('leaves one product for each weight and its gradient, and one for each step of a recurrence', () => {
    const g = new Graph();
    const { outputs } = recurrence(g, { steps: 8, batch: 4, inputs: 3, units: 5 });
    expect(operations(...outputs)).toMatchObject({ Gemm: 8 * 2 + 8 * 3, ReduceSum: 8 });
    const renewed = outputs.map(optimise(g, outputs));
    // x W, 8 times h U, and the sums for W, U and x; the states before and after the steps are put together
    expect(operations(...renewed)).toMatchObject({ Gemm: 1 + 8 + 3, ReduceSum: 1, Concat: 2 });
  });

  test.each([
    { steps: 1, batch: 2, inputs: 3, units: 2 },
    { steps: 3, batch: 1, inputs: 1, units: 1 },
    { steps: 3, batch: 1, inputs: 4, units: 1 },
    { steps: 4, batch: 3, inputs: 1, units: 2 },
    { steps: 5, batch: 2, inputs: 3, units: 3 },
    { steps: 4, batch: 0, inputs: 3, units: 3 },
    { steps: 4, batch: 2, inputs: 0, units: 3 },
  ])('computes the same recurrence of %p, whichever pass is off', (sizes) => {
    for (const off of [[], ...names.map((name) => [name])]) {
      const g = new Graph();
      const { outputs, feeds } = recurrence(g, sizes);
      expectSameNumbers(outputs, outputs.map(optimise(g, outputs, { off })), feeds);
    }
  });

  test('changes nothing with every pass off', () => {
    const g = new Graph();
    const { outputs } = recurrence(g, { steps: 8, batch: 4, inputs: 3, units: 5 });
    expect(outputs.map(optimise(g, outputs, { off: names }))).toEqual(outputs);
  });

  test('computes the same random programs', () => {
    for (let seed = 5000; seed < 5150; seed++) {
      const g = new Graph();
      const { outputs, feeds } = randomProgram(g, seed, 20);
      expectSameNumbers(outputs, outputs.map(optimise(g, outputs)), feeds);
    }
  });
});
