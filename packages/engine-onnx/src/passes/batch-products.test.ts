import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { batchProducts } from './batch-products.js';

const g = new Graph();
const x = g.input('x', [4, 2, 3], 'float32');
const w = g.input('w', [3, 5], 'float32');
const batched = (...roots: readonly Value[]): Value[] => roots.map(batchProducts.run(g, roots));
/** Step t of a sequence, as a matrix. */
const step = (t: number): Value => g.reshape(g.slice(x, [t, 0, 0], [1, 2, 3]), [2, 3]);

describe('products of steps', () => {
  const products = [0, 1, 2, 3].map((t) => g.unary('Tanh', g.matmul(step(t), w)));

  test('are slices of one product', () => {
    const whole = g.matmul(g.reshape(x, [8, 3]), w);
    expect(batched(...products)).toEqual([0, 1, 2, 3].map((t) => g.unary('Tanh', g.slice(whole, [2 * t, 0], [2, 5]))));
  });

  test('stay where they are few', () => {
    expect(batched(...products.slice(0, 2))).toEqual(products.slice(0, 2));
  });

  test('stay where most of the sequence is not used', () => {
    const long = g.input('long', [9, 2, 3], 'float32');
    const few = [0, 3, 5].map((t) => g.matmul(g.reshape(g.slice(long, [t, 0, 0], [1, 2, 3]), [2, 3]), w));
    expect(batched(...few)).toEqual(few);
  });

  test('stay where a step is not a block of rows', () => {
    const across = [0, 1, 2].map((i) =>
      g.matmul(g.reshape(g.slice(x, [0, 0, i], [4, 2, 1]), [8, 1]), g.slice(w, [0, 0], [1, 5])),
    );
    expect(batched(...across)).toEqual(across);
    const strided = [0, 1].flatMap((i) => [g.matmul(g.reshape(g.slice(x, [0, i, 0], [4, 1, 3]), [4, 3]), w)]);
    expect(batched(...strided, g.matmul(step(0), w))).toEqual([...strided, g.matmul(step(0), w)]);
  });

  test('with different matrices stay apart', () => {
    const different = [0, 1, 2].map((t) => g.matmul(step(t), g.input(`w${t}`, [3, 5], 'float32')));
    expect(batched(...different)).toEqual(different);
  });
});

describe('products above each other', () => {
  const factors = [0, 1, 2, 3].map((t) => g.input(`a${t}`, [2, 5], 'float32'));
  const pieces = factors.map((a) => g.reshape(g.matmul(a, w, false, true), [1, 2, 3]));

  test('are one product', () => {
    const [one] = batched(g.concat(pieces, 0));
    expect(one).toBe(g.reshape(g.matmul(g.concat(factors, 0), w, false, true), [4, 2, 3]));
  });

  test('stay where one of them is used elsewhere', () => {
    const concat = g.concat(pieces, 0);
    expect(batched(concat, pieces[0]!)).toEqual([concat, pieces[0]]);
  });

  test('beside each other stay', () => {
    const beside = g.concat(
      pieces.map((piece) => g.reshape(piece, [2, 3])),
      1,
    );
    expect(batched(beside)).toEqual([beside]);
  });
});
