import '@tensorflow/tfjs';

import { HalfAverage, LineModel, MomentumDescent } from '../__fixtures__/small-run.js';
import { ParameterSet } from '../state/parameters.js';
import { checkpointBytes } from './checkpoint-bytes.js';

it('a checkpoint is expected to hold weights, averages and slots, before any step has made them', () => {
  const model = new LineModel();
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = new MomentumDescent({ lr: 1 }, parameters);
  // w [2, 1] and b [1], and the velocity of each, float32
  expect(checkpointBytes(model, null, optimizer)).toBe(4 * (3 + 3));
  expect(checkpointBytes(model, new HalfAverage(parameters), optimizer)).toBe(4 * (3 + 3 + 3));
  parameters.freeze(['b']);
  expect(checkpointBytes(model, null, optimizer)).toBe(4 * (3 + 2));
});
