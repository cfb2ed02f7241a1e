import type { Builder } from '../graph/builder.js';
import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { byGraph, byInterpreter, byKernels, expectSame } from './__fixtures__/both-ways.js';
import type { NewState } from './__fixtures__/both-ways.js';
import { generator } from './__fixtures__/feeds.js';
import type { WrittenState } from './elementwise.js';
import { findUpdates } from './find-updates.js';
import { kernelCode } from './kernel-code.js';
import { wasm } from './webassembly.js';

const SPECIAL = [0, -0, 1, -2, 0.3, NaN, Infinity, -Infinity, 1e-40, -1e-40, 3e38, -3e38];

const mask = (g: Builder, value: Value): Value => g.cast(value, 'float32');
const greater = (g: Builder, a: Value, b: Value): Value => g.binary('Greater', a, b, 'bool');

const OPERATORS: Readonly<Record<string, (g: Builder, a: Value, b: Value) => Value>> = {
  Add: (g, a, b) => g.add(a, b),
  Sub: (g, a, b) => g.sub(a, b),
  Mul: (g, a, b) => g.mul(a, b),
  Div: (g, a, b) => g.div(a, b),
  Min: (g, a, b) => g.binary('Min', a, b),
  Max: (g, a, b) => g.binary('Max', a, b),
  Abs: (g, a) => g.unary('Abs', a),
  Neg: (g, a) => g.neg(a),
  Sqrt: (g, a) => g.unary('Sqrt', a),
  Reciprocal: (g, a) => g.unary('Reciprocal', a),
  Relu: (g, a) => g.unary('Relu', a),
  Sign: (g, a) => g.unary('Sign', a),
  Clip: (g, a) => g.op('Clip', [a, g.scalar(-0.5), g.scalar(1.5)], {}, a.shape),
  Greater: (g, a, b) => mask(g, greater(g, a, b)),
  GreaterOrEqual: (g, a, b) => mask(g, g.binary('GreaterOrEqual', a, b, 'bool')),
  Less: (g, a, b) => mask(g, g.binary('Less', a, b, 'bool')),
  LessOrEqual: (g, a, b) => mask(g, g.binary('LessOrEqual', a, b, 'bool')),
  Equal: (g, a, b) => mask(g, g.binary('Equal', a, b, 'bool')),
  Not: (g, a, b) => mask(g, g.unary('Not', greater(g, a, b))),
  And: (g, a, b) => mask(g, g.binary('And', greater(g, a, b), g.cast(a, 'bool'))),
  Or: (g, a, b) => mask(g, g.binary('Or', greater(g, a, b), g.cast(b, 'bool'))),
  Where: (g, a, b) => g.where(greater(g, a, b), a, b),
  'Where with the same answer everywhere': (g, a, b) =>
    g.where(greater(g, g.input('scalar', [1], 'float32'), g.scalar(0)), a, b),
  'Reshape, both ways': (g, a, b) => g.reshape(g.add(g.reshape(a, [a.size, 1]), g.reshape(b, [a.size, 1])), a.shape),
  'Expand of a scalar': (g, a) => g.add(a, g.expand(g.input('scalar', [1], 'float32'), a.shape)),
};

/** The operator on all pairs of elements, as an update of a. */
function stepOf(operator: (g: Builder, a: Value, b: Value) => Value, length: number): WrittenState[] {
  const g = new Graph();
  const [a, b] = [g.input('a', [length], 'float32'), g.input('b', [length], 'float32')];
  return [{ name: 'a', before: a, after: operator(g, a, b) }];
}

/** ONNX Runtime's Max, Min and Where give zeros of either sign, in the tail of a tensor others than before. */
function withoutSignOfZero(state: NewState): NewState {
  return Object.fromEntries(Object.entries(state).map(([name, data]) => [name, data.map((x) => (x === 0 ? 0 : x))]));
}

describe.each(Object.entries(OPERATORS))('%s', (name, operator) => {
  const exactly = (state: NewState): NewState => (/Min|Max|Where/.test(name) ? withoutSignOfZero(state) : state);

  it('does with NaN, infinities, zeros and subnormals what ONNX Runtime does', () => {
    const pairs = SPECIAL.flatMap((x) => SPECIAL.map((y) => [x, y] as const));
    const a = Float32Array.from(pairs, ([x]) => x);
    const b = Float32Array.from(pairs, ([, y]) => y);
    const states = stepOf(operator, pairs.length);
    const feeds = { a, b, scalar: Float32Array.of(0.7) };
    const expected = exactly(byGraph(states, feeds));
    expectSame(exactly(byKernels(states, feeds)), expected);
    expectSame(exactly(byInterpreter(states, feeds)), expected);
  });

  it('has the bits that ONNX Runtime gives for any others', () => {
    const random = generator(7);
    const anyFloats = (): Float32Array =>
      new Float32Array(Uint32Array.from({ length: 10_007 }, () => random() * 2 ** 32).buffer);
    const states = stepOf(operator, 10_007);
    const feeds = { a: anyFloats(), b: anyFloats(), scalar: Float32Array.of(0.7) };
    expectSame(exactly(byKernels(states, feeds)), exactly(byGraph(states, feeds)));
  });

  it('is valid WebAssembly', () => {
    const [kernel] = findUpdates(stepOf(operator, 5)).kernels;
    expect(wasm.validate(kernelCode(kernel!.program))).toBe(true);
  });
});
