import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { withLog } from '../log.js';
import { RandomStreams } from '../random/streams.js';
import { ParameterSet } from '../state/parameters.js';
import { InitializerApplicator } from './initializer-applicator.js';
import type { InitializerRule } from './initializer-applicator.js';
import { ConstantInitializer } from './initializers/constant.js';
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

  it('draws a value that depends on the name alone', () => {
    const normal: InitializerRule[] = [['', new NormalInitializer({ mean: 0, std: 1 })]];
    const values = (names: string[]): number[] => (initialize(names, normal) as { values: number[] }).values;
    const [a, b] = values(['a', 'b']);

    expect(a).not.toBe(b);
    expect(values(['b', 'a'])).toEqual([b, a]);
  });

  it('leaks nothing', () => {
    const parameters = ParameterSet.of({ w: tf.variable(tf.ones([3])) });
    const before = tf.memory().numTensors;
    new InitializerApplicator([['w', constant(1)]]).apply(parameters, random);

    expect(tf.memory().numTensors).toBe(before);
  });
});
