import { evaluate } from '../graph/__fixtures__/evaluate.js';
import { operations } from '../graph/__fixtures__/operations.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { clips } from './clips.js';

const g = new Graph();
const x = g.input('x', [7], 'float32');
const feeds = { x: Float32Array.of(-Infinity, -2, -0.5, 0, 1, Infinity, NaN) };
const clipped = (...roots: readonly Value[]): Value[] => roots.map(clips.run(g, roots));
const max = (value: Value, bound: number): Value => g.binary('Max', value, g.scalar(bound));
const min = (value: Value, bound: number): Value => g.binary('Min', value, g.scalar(bound));
const between = (low: number, high: number): Value =>
  g.binary(
    'And',
    g.binary('LessOrEqual', x, g.scalar(high), 'bool'),
    g.binary('GreaterOrEqual', x, g.scalar(low), 'bool'),
    'bool',
  );

test('bounds on both sides are one operation, and NaN stays', () => {
  const values = clipped(min(max(x, -1), 0.75));
  expect(operations(...values)).toEqual({ Clip: 1 });
  expect(evaluate(values, feeds)).toEqual([[-1, -1, -0.5, 0, 0.75, 0.75, NaN]]);
});

test('what relu bounds below is bounded above in the same', () => {
  const values = clipped(min(g.unary('Relu', x), 0.75));
  expect(operations(...values)).toEqual({ Clip: 1 });
  expect(evaluate(values, feeds)).toEqual([[0, 0, 0, 0, 0.75, 0.75, NaN]]);
});

test('whether elements lie within bounds is whether clipping leaves them', () => {
  const values = clipped(between(-0.5, 1));
  expect(operations(...values)).toEqual({ Clip: 1, Equal: 1 });
  expect(evaluate(values, feeds)).toEqual([[0, 0, 1, 1, 1, 0, 0]]);
});

test.each([
  ['one bound', max(x, 1)],
  ['bounds that cross', min(max(x, 1), 0)],
  ['a range that is empty', between(1, 0)],
  ['bounds that are no numbers', g.binary('Min', max(x, 1), g.input('bound', [7], 'float32'))],
  [
    'whole numbers',
    g.binary('Min', g.binary('Max', g.input('i', [3], 'int32'), g.scalar(0, 'int32')), g.scalar(6, 'int32')),
  ],
])('%s stay as they are', (_, value) => {
  expect(clipped(value)).toEqual([value]);
});
