import * as tf from '@tensorflow/tfjs-core';

import { compare } from '../lib/compare.mjs';
import { compareState, start } from './optimizers.mjs';

/** optimizers_sparse.json: gradients of some rows, which reach an optimizer as TF.js makes them: dense, zero elsewhere. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => sparseCase(fixture) }));
}

function sparseCase({ parameter_groups: groups = null, ...fixture }) {
  const run = start({ ...fixture, parameter_groups: groups }, fixture.initial);
  fixture.trajectory.forEach((expected, t) => {
    const gradients = Object.entries(fixture.steps[t]).map(([name, gradient]) => [
      name,
      dense(gradient, fixture.initial[name].shape),
    ]);
    run.step(Object.fromEntries(gradients));
    compare(expected, run.values(), `trajectory[${t}]`, 2e-6);
  });
  compareState(fixture.final, run.optimizer, 'final');
}

/** Rows that are named several times are summed. */
function dense(gradient, shape) {
  if (gradient?.indices === undefined) return gradient;
  const { indices, values, row_size: size } = gradient;
  return tf.tidy(() => {
    const rows = tf.oneHot(tf.tensor1d(indices, 'int32'), shape[0]);
    return [...tf.matMul(rows, tf.tensor(values, [indices.length, size]), true).dataSync()];
  });
}
