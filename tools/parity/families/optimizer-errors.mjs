import * as tf from '@tensorflow/tfjs-core';
import { Optimizer, ParameterSet } from '@x/trainer-core';

import { expectError } from '../lib/errors.mjs';
import { ParityRun } from '../lib/run.mjs';

/** optimizer_errors.json: what is refused when an optimizer of one parameter, or of none, is built. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => configCase(fixture) }));
}

function configCase({ config, error }) {
  const weights = /empty parameter list/.test(error?.message) ? {} : { w: tf.variable(tf.zeros([2])) };
  const build = () => new ParityRun({ parameters: ParameterSet.of(weights) }).build(Optimizer, config);
  if (error === undefined) build();
  else expectError(error, () => stepIfNeeded(build(), error));
}

/** What is refused with a step only: a gradient of the other kind. */
function stepIfNeeded(optimizer, { message }) {
  const kind = /does not support (sparse|dense) gradients/.exec(message)?.[1];
  const touchedRows = kind === 'sparse' ? { w: tf.tensor1d([1, 0]) } : {};
  if (kind !== undefined) optimizer.step({ w: tf.tensor1d([1, 0]) }, { touchedRows });
}
