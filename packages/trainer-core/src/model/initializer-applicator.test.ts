import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { withLog } from '../log.js';
import { validate } from '../config/validate.js';
import { corePlugin } from '../plugin.js';
import { component, withRegistry } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { Registry } from '../plugins/registry.js';
import { RandomStreams } from '../random/streams.js';
import { ParameterSet } from '../state/parameters.js';
import { InitializerApplicator } from './initializer-applicator.js';
import type { InitializerRule } from './initializer-applicator.js';
import { ConstantInitializer } from './initializers/constant.js';
import { EyeInitializer } from './initializers/identity.js';
import { NormalInitializer } from './initializers/normal.js';

const random = new RandomStreams(1).stream('initialization');
const constant = (val: number): ConstantInitializer => new ConstantInitializer({ val });

/** What becomes of parameters that start as 9, as in the runs of AllenNLP 1.0 that these cases are from. */
function initialize(
  names: readonly string[],
  rules: readonly InitializerRule[],
  prevent: readonly string[] = [],
): unknown {
  const parameters = ParameterSet.of(Object.fromEntries(names.map((name) => [name, tf.variable(tf.tensor1d([9]))])));
  const warnings: string[] = [];
  const kept = withLog({ info: () => undefined, warn: (line) => void warnings.push(line) }, () =>
    new InitializerApplicator(rules, prevent).apply(parameters, random),
  );
  return { values: [...parameters].map(({ variable }) => variable.dataSync()[0]), warnings, kept };
}

describe('InitializerApplicator', () => {
  it('applies the first pattern found', () => {
    expect(
      initialize(
        ['a.weight', 'a.bias', 'b.weight', 'b.bias'],
        [
          ['a\\.', constant(1)],
          ['weight', constant(2)],
        ],
      ),
    ).toEqual({
      values: [1, 1, 2, 9],
      warnings: [],
      kept: ['b.bias'],
    });
  });

  it('leaves what is prevented', () => {
    expect(initialize(['a.weight', 'a.bias', 'b.weight'], [['.*', constant(5)]], ['bias', '^b'])).toEqual({
      values: [5, 9, 9],
      warnings: [],
      kept: ['a.bias', 'b.weight'],
    });
  });

  it('warns of a pattern that was not used, also because everything it finds is prevented', () => {
    const warning = (pattern: string): string => `Did not use initialization regex that was passed: ${pattern}`;

    expect(initialize(['a.bias'], [['nothing', constant(1)]])).toMatchObject({ warnings: [warning('nothing')] });
    expect(initialize(['a.bias'], [['bias', constant(1)]], ['a'])).toMatchObject({
      values: [9],
      warnings: [warning('bias')],
    });
  });

  it('names the parameter that an initializer is not for', () => {
    expect(() => initialize(['a.bias'], [['bias', new EyeInitializer()]])).toThrow(
      /^the parameter "a.bias" cannot be initialized: the initializer eye is for weights of 2 dimensions/,
    );
  });

  it('draws a value that depends on the name alone', () => {
    const normal: InitializerRule[] = [['', new NormalInitializer({ mean: 0, std: 1 })]];
    const values = (names: string[]): number[] => (initialize(names, normal) as { values: number[] }).values;
    const [a, b] = values(['a', 'b']);

    expect(a).not.toBe(b);
    expect(values(['b', 'a'])).toEqual([b, a]);
  });

  it('is configured by names and options', () => {
    const registry = new Registry([corePlugin]);
    const config = {
      regexes: [
        ['bias$', 'zero'],
        ['weight', { type: 'constant', val: 0.5 }],
      ],
      prevent_regexes: ['^b'],
    };
    const part = withRegistry(registry, () => validate(component(InitializerApplicator), config));
    if (!part.ok) throw new Error(part.problems.map(({ message }) => message).join());
    const set = ParameterSet.of({ 'a.bias': tf.variable(tf.ones([1])), 'a.weight': tf.variable(tf.ones([1])) });
    const kept = new RunContainer(registry).build(part.value).apply(set, random);

    expect(kept).toEqual([]);
    expect([...set].map(({ variable }) => variable.dataSync()[0])).toEqual([0, 0.5]);
  });

  it('leaks nothing', () => {
    const parameters = ParameterSet.of({ w: tf.variable(tf.ones([3])) });
    const before = tf.memory().numTensors;
    new InitializerApplicator([['w', constant(1)]]).apply(parameters, random);

    expect(tf.memory().numTensors).toBe(before);
  });
});
