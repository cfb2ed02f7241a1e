import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { byGraph, byInterpreter, byKernels, expectSame } from './__fixtures__/both-ways.js';
import { feedsFor } from './__fixtures__/feeds.js';
import type { WrittenState } from './elementwise.js';
import { findUpdates } from './find-updates.js';
import type { UpdatePlan } from './find-updates.js';

let g: Graph;
beforeEach(() => {
  g = new Graph();
});

const tensor = (name: string, shape: readonly number[] = [20]): Value => g.input(name, shape, 'float32');
const number = (name: string): Value => tensor(name, []);

function state(name: string, after: (before: Value) => Value, shape?: readonly number[]): WrittenState {
  const before = tensor(name, shape);
  return { name, before, after: after(before) };
}

/** The states of each call of each kernel. */
function writtenTogether({ kernels }: UpdatePlan): string[][][] {
  return kernels.map(({ calls }) =>
    calls.map(({ operands }) => operands.flatMap((operand) => (operand.kind === 'state' ? [operand.name] : []))),
  );
}

function namesOf(values: readonly Value[]): string[] {
  return values.map(({ op, attributes }) => (op === 'Input' ? (attributes['name'] as string) : op));
}

function expectRight(states: readonly WrittenState[], plan = findUpdates(states)): void {
  const overwritten = states.filter(({ name }) => plan.written.includes(name)).map(({ before }) => before);
  expect(namesOf(plan.operands.filter((value) => overwritten.includes(value)))).toEqual([]);
  const feeds = feedsFor(states);
  const all = byGraph(states, feeds);
  const expected = Object.fromEntries(plan.written.map((name) => [name, all[name]!]));
  expectSame(byKernels(states, feeds, plan), expected);
  expectSame(byInterpreter(states, feeds, plan), expected);
}

describe('states that ONNX Runtime computes', () => {
  it.each<[string, (w: Value) => Value]>([
    ['an operation that kernels lack', (w) => g.unary('Exp', w)],
    ['other elements of the old value', (w) => g.reverse(w, 0)],
    ['a tensor that is broadcast', (w) => g.mul(g.reshape(w, [4, 5]), tensor('row', [1, 5]))],
    ['nothing old', () => g.neg(tensor('gradient'))],
    ['the old value alone', (w) => w],
    ['another state alone', () => tensor('v')],
    ['a mask of two other tensors', (w) => g.where(g.binary('Less', tensor('x'), tensor('y'), 'bool'), w, tensor('x'))],
    [
      'more tensors than pay',
      (w) => Array.from({ length: 9 }, (_, i) => tensor(`x${i}`)).reduce((a, x) => g.add(a, x), w),
    ],
    ['a long program', (w) => Array.from({ length: 150 }).reduce((a: Value) => g.add(g.mul(a, w), w), w)],
  ])('are those made of %s', (_, after) => {
    const states = [state('w', after), state('v', (v) => g.sub(v, number('lr')))];
    const plan = findUpdates(states);
    expect(plan).toMatchObject({ rest: ['w'], written: ['v'] });
    expectRight(states, plan);
  });

  it('are those of other types than float32', () => {
    const count = g.input('count', [20], 'int32');
    const after = g.add(count, g.splat(1, [20], 'int32'));
    expect(findUpdates([{ name: 'count', before: count, after }])).toMatchObject({ kernels: [], rest: ['count'] });
  });
});

describe('states that kernels write', () => {
  it('stand together if they read one another, and see old values only', () => {
    const [a, b] = [tensor('a'), tensor('b')];
    const lr = number('lr');
    const states = [state('a', () => g.sub(a, g.mul(b, lr))), state('b', () => g.sub(b, g.mul(a, lr)))];
    const plan = findUpdates(states);
    expect(writtenTogether(plan)).toEqual([[['a', 'b']]]);
    expectRight(states, plan);
  });

  it('stand together if they read one gradient, which is read once', () => {
    const gradient = tensor('gradient');
    const states = [state('a', (a) => g.sub(a, gradient)), state('b', (b) => g.add(b, g.mul(gradient, gradient)))];
    const plan = findUpdates(states);
    expect(writtenTogether(plan)).toEqual([[['a', 'b']]]);
    expect(namesOf(plan.operands)).toEqual(['gradient']);
    expectRight(states, plan);
  });

  it('are joined by a state that comes last', () => {
    const [a, b] = [tensor('a'), tensor('b')];
    const states = [
      state('a', () => g.add(a, tensor('x'))),
      state('b', () => g.mul(b, tensor('y'))),
      state('c', (c) => g.add(c, g.mul(a, b))),
      state('d', (d) => g.add(d, tensor('z'))),
    ];
    const plan = findUpdates(states);
    expect(writtenTogether(plan)).toEqual([[['a', 'b', 'c']], [['d']]]);
    expectRight(states, plan);
  });

  it('have one kernel for all tensors and rates of one rule', () => {
    const step = (name: string, rate: string, shape: readonly number[]): WrittenState =>
      state(name, (w) => g.sub(w, g.mul(tensor(`gradients/${name}`, shape), number(rate))), shape);
    const states = [step('a', 'lr', [4]), step('b', 'lr', [3, 7]), step('c', 'slow lr', [2, 2, 5])];
    const plan = findUpdates(states);
    expect(writtenTogether(plan)).toEqual([[['a'], ['b'], ['c']]]);
    expect(plan.kernels[0]!.calls.map(({ length }) => length)).toEqual([4, 21, 20]);
    expectRight(states, plan);
  });

  it('are right for tensors of any length', () => {
    const states = Array.from({ length: 40 }, (_, i) => {
      const shape = [i + 1];
      return state(`w${i}`, (w) => g.sub(w, g.mul(tensor(`gradients/${i}`, shape), number('lr'))), shape);
    });
    expectRight(states);
  });
});

describe('what stands in memory before', () => {
  it('has the numbers of the host: kernels do arithmetic on them', () => {
    const rate = g.div(number('lr'), g.sub(g.scalar(1), number('beta')));
    const plan = findUpdates([state('w', (w) => g.sub(w, g.mul(tensor('gradient'), rate)))]);
    expect(namesOf(plan.operands).sort()).toEqual(['beta', 'gradient', 'lr']);
    const { instructions } = plan.kernels[0]!.program;
    expect(instructions.filter(({ uniform }) => uniform).map(({ operator }) => operator)).toEqual([
      'Constant',
      'Sub',
      'Div',
    ]);
  });

  it('has what ONNX Runtime computes, where kernels cannot read less for it', () => {
    const product = g.matmul(tensor('x', [4, 3]), tensor('y', [3, 5]));
    const [one, other] = [tensor('one'), tensor('other')];
    const states = [
      state('a', (a) => g.sub(a, g.unary('Relu', g.reshape(product, [20])))),
      state('b', (b) => g.sub(b, g.mul(one, other))),
    ];
    const plan = findUpdates(states);
    expect(namesOf(plan.operands)).toEqual([product.op, 'Mul']);
    expectRight(states, plan);
  });

  it('has the old value of a state that ONNX Runtime computes', () => {
    const w = tensor('w');
    const states = [state('w', () => g.unary('Exp', w)), state('average', (average) => g.add(average, w))];
    const plan = findUpdates(states);
    expect(plan).toMatchObject({ rest: ['w'], written: ['average'] });
    expect(namesOf(plan.operands)).toEqual(['w']);
    expectRight(states, plan);
  });

  it('has the old value of a state of one element that is a factor of others, so that no kernel writes it', () => {
    const scale = tensor('scale', [1]);
    const states = [
      state('scale', () => g.mul(scale, number('lr')), [1]),
      state('w', (w) => g.sub(w, g.mul(tensor('gradient'), scale))),
    ];
    const plan = findUpdates(states);
    expect(plan).toMatchObject({ rest: ['scale'], written: ['w'] });
    expect(namesOf(plan.operands)).toContain('scale');
    expectRight(states, plan);
  });
});
