import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import type { Outputs } from '../contracts/batch.js';
import { ModelError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';
import { valueAndGradients } from './value-and-gradients.js';

const { a, b } = tf.tidy(() => ({ a: tf.variable(tf.tensor1d([2, 3])), b: tf.variable(tf.scalar(5)) }));
const parameters = [...ParameterSet.of({ a, b })];

/** f = sum(a^2), whose gradient is 2 a; it does not depend on b. */
function sumOfSquares(): { objective: tf.Scalar; outputs: Outputs } {
  const squares = tf.square(a);
  return { objective: tf.sum(squares), outputs: { squares, a } };
}

it('gives the outputs, and the gradients of those parameters that the scalar depends on, by name', () => {
  tf.tidy(() => {
    const { outputs, gradients } = valueAndGradients(sumOfSquares, parameters);
    expect([...outputs['squares']!.dataSync()]).toEqual([4, 9]);
    expect(Object.keys(gradients)).toEqual(['a']);
    expect([...gradients['a']!.dataSync()]).toEqual([4, 6]);
  });
});

it('leaves nothing behind but what the caller’s tidy scope holds', () => {
  const before = tf.memory().numTensors;
  tf.tidy(() => void valueAndGradients(sumOfSquares, parameters));
  expect(tf.memory().numTensors).toBe(before);
});

const failures: readonly (readonly [string, () => { objective: tf.Scalar; outputs: Outputs }, RegExp])[] = [
  [
    'an error in the middle',
    (): never => {
      tf.square(a);
      throw new RangeError('from the middle');
    },
    /from the middle/,
  ],
  [
    'an output that is no tensor',
    () => ({ objective: tf.sum<tf.Scalar>(tf.square(a)), outputs: { good: tf.square(a), bad: undefined as never } }),
    /bad/,
  ],
  [
    'a scalar that depends on nothing',
    () => ({ objective: tf.scalar(1), outputs: { x: tf.scalar(1) } }),
    /does not depend/,
  ],
];

it('an operation that TensorFlow.js cannot differentiate is named, with what to do, and leaves no tensor', () => {
  const before = tf.memory().numTensors;
  const compute = (): { objective: tf.Scalar; outputs: Outputs } => ({
    objective: tf.sum<tf.Scalar>(tf.cumprod(a)),
    outputs: { x: tf.square(a) },
  });
  const run = (): void => tf.tidy(() => void valueAndGradients(compute, parameters));
  expect(run).toThrow(expect.objectContaining({ code: 'X_ENGINE_NO_GRADIENTS' }) as Error);
  expect(run).toThrow(/not found for Cumprod.*tf\.customGrad/);
  expect(tf.memory().numTensors).toBe(before);
});

it.each(failures)('%s is thrown, and leaves no tensor', (_, compute, message) => {
  const before = tf.memory().numTensors;
  expect(() => tf.tidy(() => void valueAndGradients(compute, parameters))).toThrow(message);
  expect(tf.memory().numTensors).toBe(before);
});

it('without parameters there is nothing to train', () => {
  expect(() => valueAndGradients(sumOfSquares, [])).toThrow(ModelError);
});
