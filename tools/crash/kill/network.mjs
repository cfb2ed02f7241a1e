import * as tf from '@tensorflow/tfjs';
import { dataLoader } from '@x/data';
import { dropout } from '@x/trainer-core';

const FEATURES = 8;

/** Two dense layers with dropout between them. */
export class Network {
  variables = {};

  constructor(hidden) {
    for (const [name, shape] of Object.entries({ first: [FEATURES, hidden], bias: [hidden], second: [hidden, 1] })) {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = Float32Array.from({ length: size }, (_, i) => 0.3 * Math.sin(name.length + i));
      this.variables[name] = tf.variable(tf.tensor(values, shape));
    }
  }

  namedVariables() {
    return this.variables;
  }

  forward({ x, y }, { training }) {
    const { first, bias, second } = this.variables;
    const hidden = tf.tanh(tf.add(tf.matMul(x, first), bias));
    const prediction = tf.squeeze(tf.matMul(training ? dropout(hidden, 0.3) : hidden, second), [1]);
    return { prediction, loss: tf.mean(tf.square(tf.sub(prediction, y))) };
  }
}

/** Six shuffled batches of four. */
export function batches() {
  const instances = Array.from({ length: 24 }, (_, i) => {
    const x = Array.from({ length: FEATURES }, (_, k) => Math.sin(i * (k + 1)));
    return { x, y: x[0] * x[1] - x[2] };
  });
  return dataLoader(instances, { batchSize: 4, shuffle: true, seed: 5 });
}
