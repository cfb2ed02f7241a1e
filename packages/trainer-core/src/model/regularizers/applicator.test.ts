import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { RunContainer } from '../../plugins/container.js';
import { validate } from '../../config/validate.js';
import { corePlugin } from '../../plugin.js';
import { component, withRegistry } from '../../plugins/component.js';
import { Registry } from '../../plugins/registry.js';
import { ParameterSet } from '../../state/parameters.js';
import { RegularizerApplicator } from './applicator.js';
import type { RegularizerRule } from './applicator.js';
import { L1Regularizer } from './l1.js';
import { L2Regularizer } from './l2.js';

const l1 = (alpha: number): L1Regularizer => new L1Regularizer({ alpha });
const l2 = (alpha: number): L2Regularizer => new L2Regularizer({ alpha });

function parameters(values: Readonly<Record<string, number[]>>): ParameterSet {
  return ParameterSet.of(
    Object.fromEntries(Object.entries(values).map(([name, data]) => [name, tf.variable(tf.tensor1d(data))])),
  );
}

function penalty(rules: readonly RegularizerRule[], set: ParameterSet): number | null {
  return new RegularizerApplicator(rules).penalty(set).dataSync()[0]!;
}

describe('regularizers', () => {
  it('l1 sums absolute values and l2 squares, without a factor 1/2', () => {
    const p = tf.tensor1d([3, -4]);

    expect(l1(0.5).penalty(p).dataSync()[0]).toBeCloseTo(3.5, 6);
    expect(l2(0.5).penalty(p).dataSync()[0]).toBeCloseTo(12.5, 6);
  });

  it('have torch gradients, 0 at 0 included', () => {
    const p = tf.tensor1d([3, 0, -4]);
    const gradient = (rule: L1Regularizer | L2Regularizer): number[] => [
      ...tf
        .grad((x) => rule.penalty(x))(p)
        .dataSync(),
    ];

    expect(gradient(l1(0.5))).toEqual([0.5, 0, -0.5]);
    expect(gradient(l2(0.5))).toEqual([3, 0, -4]);
  });
});

describe('RegularizerApplicator', () => {
  it('applies the first pattern found in a name', () => {
    const set = parameters({ 'enc.weight': [2], 'enc.bias': [1], 'dec.weight': [3], 'dec.bias': [10] });

    // 0.5 (|2| + |1|) + 0.25 * 9; nothing for dec.bias
    expect(
      penalty(
        [
          ['enc', l1(0.5)],
          ['weight', l2(0.25)],
        ],
        set,
      ),
    ).toBeCloseTo(3.75, 6);
  });

  it('leaves frozen parameters out, and is 0 where no pattern is found', () => {
    const set = parameters({ weight: [2] });
    expect(penalty([['bias', l2(1)]], set)).toBe(0);

    set.freeze(['weight']);
    expect(penalty([['weight', l2(1)]], set)).toBe(0);
  });

  it('is configured by names and options', () => {
    const registry = new Registry([corePlugin]);
    const build = (regexes: unknown): RegularizerApplicator => {
      const checked = withRegistry(registry, () => validate(component(RegularizerApplicator), { regexes }));
      if (!checked.ok) throw new Error(checked.problems.map(({ message }) => message).join());
      return new RunContainer(registry).build(checked.value);
    };
    const set = parameters({ weight: [2], bias: [-3] });
    const rules = [
      ['weight', { type: 'l2', alpha: 0.1 }],
      ['bias', 'l1'],
    ];

    // 0.1 * 4 + 0.01 * |-3|
    expect(build(rules).penalty(set).dataSync()[0]).toBeCloseTo(0.43, 6);
    expect(build(null).penalty(set).dataSync()[0]).toBe(0);
  });
});
