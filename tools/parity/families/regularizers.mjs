import * as tf from '@tensorflow/tfjs-core';
import { ParameterSet, RegularizerApplicator } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { ParityRun } from '../lib/run.mjs';
import { variables } from '../lib/tensors.mjs';

const TOLERANCE = 2e-6;

/** regularizers.json: the penalty of a model's parameters, and its gradients. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => penaltyCase(fixture) }));
}

function penaltyCase({ config, frozen = [], parameters, error, ...expected }) {
  const weights = variables(parameters);
  for (const name of frozen) weights[name].trainable = false;
  const set = ParameterSet.of(weights);
  const applicator = () => new ParityRun({ parameters: set }).build(RegularizerApplicator, config);
  if (error !== undefined) return expectError(error, () => applicator().penalty(set));
  const penalty = applicator().penalty(set);
  compare(expected.penalty, penalty.dataSync()[0], 'penalty', TOLERANCE);
  if (expected.penalty_gradients === null) return;
  compare(expected.penalty_gradients, gradients(applicator(), set), 'penalty_gradients', TOLERANCE);
}

/** By name, as fixtures have tensors: null for a parameter without penalty. */
function gradients(applicator, set) {
  const trainable = [...set].filter((parameter) => parameter.trainable);
  const { grads } = tf.variableGrads(
    () => applicator.penalty(set),
    trainable.map(({ variable }) => variable),
  );
  return Object.fromEntries(
    [...set].map(({ name, variable }) => {
      const gradient = grads[variable.name] ?? null;
      return [name, gradient && { shape: gradient.shape, data: [...gradient.dataSync()] }];
    }),
  );
}
