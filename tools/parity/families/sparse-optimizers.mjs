import * as tf from '@tensorflow/tfjs-core';

import { compare } from '../lib/compare.mjs';
import { tensor } from '../lib/tensors.mjs';
import { compareState, start } from './optimizers.mjs';

/** optimizers_sparse.json: gradients of some rows, as a lookup makes them: summed, with the rows that it touches. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => sparseCase(fixture) }));
}

function sparseCase({ parameter_groups: groups = null, ...fixture }) {
  const { optimizer, weights, values } = start({ ...fixture, parameter_groups: groups }, fixture.initial);
  fixture.trajectory.forEach((expected, t) => {
    tf.tidy(() => {
      const gradients = {};
      const touchedRows = {};
      for (const [name, gradient] of Object.entries(fixture.steps[t])) {
        if (gradient === null) continue;
        const { shape } = weights[name];
        if (gradient.indices === undefined) gradients[name] = tensor({ shape, data: gradient });
        else [gradients[name], touchedRows[name]] = ofLookup(gradient, shape);
      }
      optimizer.step(gradients, { touchedRows });
    });
    compare(expected, values(), `trajectory[${t}]`, 2e-6);
  });
  compareState(fixture.final, optimizer, 'final');
}

/** The gradient of a lookup of those rows, and the mask of the rows. */
function ofLookup({ indices, values, row_size: size }, shape) {
  const at = tf.tensor2d(indices, [indices.length, 1], 'int32');
  const gradient = tf.scatterND(at, tf.tensor2d(values, [indices.length, size]), [shape[0], size]);
  const counts = tf.scatterND(at, tf.ones([indices.length]), [shape[0]]);
  const mask = tf.minimum(counts, 1);
  return [tf.reshape(gradient, shape), tf.reshape(mask, [shape[0], ...shape.slice(1).map(() => 1)])];
}
