import { operations } from '../graph/__fixtures__/operations.js';
import { Graph } from '../graph/graph.js';
import { rewrite } from './rewrite.js';

const g = new Graph();
const x = g.input('x', [2, 3], 'float32');
const y = g.input('y', [2, 3], 'float32');

test('what depends on something replaced is built again, the rest stands for itself', () => {
  const [kept, replaced] = [g.unary('Exp', y), g.unary('Tanh', x)];
  const sum = g.add(g.unary('Sqrt', replaced), kept);
  const renewed = rewrite(g, [sum], ({ op }, inputs) => (op === 'Tanh' ? [g.unary('Sigmoid', inputs[0]!)] : undefined));
  expect(renewed(sum)).toBe(g.add(g.unary('Sqrt', g.unary('Sigmoid', x)), kept));
  expect(renewed(kept)).toBe(kept);
});

test('what is built again simplifies', () => {
  const root = g.transpose(g.unary('Softplus', g.transpose(x, [1, 0])), [1, 0]);
  const product = g.mul(g.unary('Tanh', x), root);
  const renewed = rewrite(g, [product], ({ op }) => (op === 'Tanh' ? [g.splat(1, [2, 3])] : undefined));
  expect(renewed(product)).toBe(root);
});

test('a rule sees new inputs, and asks for any value below', () => {
  const [first, second] = [g.unary('Tanh', x), g.unary('Tanh', y)];
  const root = g.sub(g.unary('Exp', first), second);
  const renewed = rewrite(g, [root], (node, [a, b], renew) => {
    if (node.op === 'Tanh') return node.inputs;
    if (node.op !== 'Sub') return undefined;
    expect([a, b]).toEqual([g.unary('Exp', x), y]);
    return [g.mul(renew(first), renew(second))];
  });
  expect(renewed(root)).toBe(g.mul(x, y));
});

test('every operation that has a method is built as it was', () => {
  const positive = g.binary('Greater', x, g.scalar(0), 'bool');
  const parts = [
    g.neg(g.reduce('ReduceMax', x, [1], true)),
    g.cast(positive, 'float32'),
    g.where(positive, y, x),
    g.pad(g.reverse(x, 1), [
      [1, 0],
      [0, 2],
    ]),
    g.concat([g.slice(x, [0, 1], [2, 2]), g.reshape(g.transpose(x, [1, 0]), [2, 3])], 1),
    g.matmul(x, y, true),
    g.expand(g.sum(x, [1], true), [2, 5]),
  ];
  const other = g.input('other', [2, 3], 'float32');
  const renewed = rewrite(g, parts, ({ op, attributes }) =>
    op === 'Input' && attributes['name'] === 'x' ? [other] : undefined,
  );
  const rebuilt = parts.map(renewed);
  expect(operations(...rebuilt)).toEqual(operations(...parts));
  expect(rebuilt.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    parts.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  expect(rebuilt[5]).toBe(g.matmul(other, y, true));
});
