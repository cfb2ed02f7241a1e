import * as tf from '@tensorflow/tfjs';
import { dataLoader } from '@x/data';
import { dropout } from '@x/trainer-core';

const FEATURES = 8;
const HIDDEN = 16;

/** Two dense layers with dropout between them, and a running mean of the inputs, as many times as the state shall be large. */
export class Network {
  variables = {};

  constructor(times = 1) {
    this.mean = tf.variable(tf.zeros([times]), false);
    for (const [name, shape] of Object.entries({ first: [FEATURES, HIDDEN], bias: [HIDDEN], second: [HIDDEN, 1] })) {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = Float32Array.from({ length: size }, (_, i) => 0.3 * Math.sin(name.length + i));
      this.variables[name] = tf.variable(tf.tensor(values, shape));
    }
  }

  namedVariables() {
    return this.variables;
  }

  namedBuffers() {
    return { mean: this.mean };
  }

  forward({ x, y }, { training }) {
    const { first, bias, second } = this.variables;
    if (training) this.mean.assign(tf.add(tf.mul(this.mean, 0.9), tf.mul(tf.mean(x), 0.1)));
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
