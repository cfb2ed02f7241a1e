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
  const parameters = ParameterSet.of(weights);
  const build = () => new ParityRun({ parameters }).build(Optimizer, config);
  if (error === undefined) build();
  else expectError(error, build);
}
