import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { Optimizer, ParameterSet } from '@x/trainer-core';

import { build } from './__fixtures__/fixture.js';
import { Adafactor } from './index.js';

const make = (options: object): Adafactor =>
  new Adafactor(options, ParameterSet.of({ w: tf.variable(tf.ones([3, 2])) }));

it.each([
  [{ lr: 0.1 }, /lr: a learning rate of your own needs relativeStep: false/],
  [{ relativeStep: false }, /lr: is required without relativeStep/],
  [{ lr: 0.1, relativeStep: false, warmupInit: true }, /warmupInit: needs relativeStep: true/],
  [{ parameterGroups: [[['w'], { lr: 0.1 }]] }, /parameterGroups\.0\.1\.lr: a learning rate of your own needs/],
])('refuses %j', (options, message) => {
  expect(() => make(options)).toThrow(message);
});

it('keeps the second moment of a matrix as rows and columns, of a vector whole', () => {
  const { state, groups } = new Adafactor(
    {},
    ParameterSet.of({ kernel: tf.variable(tf.ones([4, 3, 2])), bias: tf.variable(tf.ones([2])) }),
  );
  const slots = groups[0]!.parameters.map((parameter) =>
    Object.entries(state.slotsOf(parameter)).map(([name, { shape }]) => [name, shape]),
  );
  expect(slots).toEqual([
    [
      ['expAvgSqRow', [4, 3]],
      ['expAvgSqCol', [4, 2]],
    ],
    [['expAvgSq', [2]]],
  ]);
});

it('has the name that AllenNLP gives it, too', () => {
  const optimizer = build(Optimizer, { type: 'huggingface_adafactor' }, { w: tf.variable(tf.ones([2])) });
  expect(optimizer).toBeInstanceOf(Adafactor);
});

it.each([
  ['1 / sqrt(k), bounded by 0.01', {}, 4, 0.01],
  ['1 / sqrt(k), bounded by 0.01', {}, 40_000, 0.005],
  ['with warmupInit bounded by k / 1000000', { warmupInit: true }, 500, 0.0005],
  ['its lr without relativeStep', { lr: 0.3, relativeStep: false }, 500, 0.3],
])('tells the learning rate in use: %s', (_, options, step, rate) => {
  const optimizer = make(options);
  expect(optimizer.learningRate(optimizer.groups[0]!.options, step)).toBeCloseTo(rate, 12);
});
