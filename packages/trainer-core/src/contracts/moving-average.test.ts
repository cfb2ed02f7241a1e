import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { HalfAverage, LineModel, weightsOf } from '../__fixtures__/small-run.js';
import { StateError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';

test('averages are put into the parameters for good', () => {
  const model = new LineModel();
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  const before = tf.memory().numTensors;
  tf.tidy(() => model.w.assign(tf.tensor2d([[8], [8]])));
  average.copyToParameters();
  expect(weightsOf(model)).toEqual([0.5, -0.25, 0]);
  average.restore();
  expect(weightsOf(model)).toEqual([0.5, -0.25, 0]);
  expect(tf.memory().numTensors).toBe(before);
});

test('saved averages of another type are refused, and none is taken', () => {
  const model = new LineModel();
  const average = new HalfAverage(ParameterSet.of(model.namedVariables()));
  const shadows = { w: tf.tensor2d([[8], [8]]), b: tf.tensor1d([1], 'int32') };
  expect(() => average.loadStateDict({ shadows })).toThrow(StateError);
  expect(() => average.loadStateDict({ shadows })).toThrow(/that of "b" is int32, expected float32/);
  expect([...average.shadows.get('w')!.dataSync()]).toEqual([0.5, -0.25]);
});
