import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { byGraph, byInterpreter, byKernels, expectSame } from './__fixtures__/both-ways.js';
import { feedsFor } from './__fixtures__/feeds.js';
import { RULES, statesOf } from './__fixtures__/rules.js';
import { unshaped } from './elementwise.js';
import { findUpdates } from './find-updates.js';

const SHAPES = { matrix: [37, 11], vector: [64], short: [3], scalar: [1] };

describe.each(Object.entries(RULES))('the update of %s with an average of the weights', (_, rule) => {
  const states = statesOf(new Graph(), rule, SHAPES);
  const plan = findUpdates(states);

  it('is found whole, as one kernel for all tensors but those of one element', () => {
    expect(plan.rest).toEqual([]);
    expect(plan.written).toEqual(states.map(({ name }) => name));
    expect(plan.kernels.map(({ calls }) => calls.map(({ length }) => length))).toEqual([[407, 64, 3], [1]]);
  });

  it.each([1, 2])('has the bits that ONNX Runtime gives (numbers of seed %i)', (seed) => {
    const feeds = feedsFor(states, seed);
    const expected = byGraph(states, feeds);
    expectSame(byKernels(states, feeds, plan), expected);
    expectSame(byInterpreter(states, feeds, plan), expected);
  });

  it('is the same after more steps', () => {
    let [kernels, graph] = [feedsFor(states), feedsFor(states)];
    for (let step = 0; step < 5; step++) {
      kernels = { ...kernels, ...byKernels(states, kernels, plan) };
      graph = { ...graph, ...byGraph(states, graph) };
    }
    expectSame(kernels, graph);
  });
});

describe('gradients that ONNX Runtime computes', () => {
  it('are clipped by kernels, with a sum of squares that ONNX Runtime computes', () => {
    const g = new Graph();
    const gradients = Object.entries(SHAPES).map(([name, shape]) => {
      const examples = g.input(`examples/${name}`, [2, ...shape], 'float32');
      return [name, g.sum(examples, [0], false)] as const;
    });
    const squares = gradients.map(([, x]) => g.sum(g.reshape(g.mul(x, x), [x.size]), [0], false));
    const total = squares.reduce((sum, x) => g.add(sum, x));
    const factor = g.binary('Min', g.scalar(1), g.div(g.scalar(0.5), g.add(g.unary('Sqrt', total), g.scalar(1e-6))));
    const clipped = new Map<string, Value>(gradients.map(([name, x]) => [name, g.mul(x, factor)]));
    const states = statesOf(g, RULES['adam']!, SHAPES, (name) => clipped.get(name)!);
    const plan = findUpdates(states);

    const idsOf = (values: readonly Value[]): number[] => values.map(({ node }) => node.id).sort((a, b) => a - b);
    const tensors = gradients.slice(0, 3).map(([, x]) => unshaped(x));
    const computed = plan.operands.filter(({ op }) => op !== 'Input');
    expect(idsOf(computed)).toEqual(idsOf([total, ...tensors, clipped.get('scalar')!]));
    const feeds = feedsFor(states);
    expectSame(byKernels(states, feeds, plan), byGraph(states, feeds));
  });
});
