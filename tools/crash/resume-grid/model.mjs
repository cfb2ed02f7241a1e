import * as tf from '@tensorflow/tfjs';
import { dropout, Metric } from '@x/trainer-core';

/** The mean absolute error of `prediction` against `y`, as the sums that a resume in mid-epoch goes on from. */
class AbsoluteError extends Metric {
  total = 0;
  count = 0;

  async update({ prediction }, { y }) {
    const errors = tf.tidy(() => tf.sum(tf.abs(tf.sub(prediction, y))));
    this.total += (await errors.data())[0];
    this.count += prediction.size;
    errors.dispose();
  }

  sums() {
    return { total: this.total, count: this.count };
  }

  compute({ total = 0, count = 0 }) {
    return { error: count > 0 ? total / count : 0 };
  }

  reset() {
    this.load({});
  }

  load({ total = 0, count = 0 }) {
    this.total = total;
    this.count = count;
  }
}

/** Two dense layers, 41 weights, with a running mean of the inputs as a buffer: the same weights every time. */
export class SmallModel {
  metrics = [new AbsoluteError()];
  variables = {
    'first.weight': variable([3, 8], 1),
    'first.bias': variable([8], 2),
    'second.weight': variable([8, 1], 3),
    'second.bias': variable([1], 4),
  };
  seen = tf.tidy(() => tf.variable(tf.zeros([3]), false));

  /**
   * @param rate of dropout.
   * @param aside whether it has a weight that only long instances reach.
   */
  constructor(rate, { aside = false } = {}) {
    this.rate = rate;
    this.aside = aside;
    if (aside) this.variables['aside'] = variable([8], 5);
  }

  namedVariables() {
    return this.variables;
  }

  namedBuffers() {
    return { seen: this.seen };
  }

  forward({ x, y }, { training }) {
    const inputs = x.rank === 3 ? tf.mean(x, 1) : x;
    if (training) this.seen.assign(tf.add(tf.mul(this.seen, 0.9), tf.mul(tf.mean(inputs, 0), 0.1)));
    const v = this.variables;
    const linear = tf.add(tf.matMul(tf.sub(inputs, this.seen), v['first.weight']), v['first.bias']);
    const hidden = tf.tanh(x.rank === 3 && x.shape[1] > 2 && this.aside ? tf.add(linear, v['aside']) : linear);
    const dropped = training && this.rate > 0 ? dropout(hidden, this.rate) : hidden;
    const prediction = tf.squeeze(tf.add(tf.matMul(dropped, v['second.weight']), v['second.bias']), [1]);
    return { prediction, loss: tf.mean(tf.square(tf.sub(prediction, y))) };
  }

  dispose() {
    tf.dispose([...Object.values(this.variables), this.seen]);
  }
}

/** Instances of three features and a target; with `lengths`, a list of one to four such triples in place of one. */
export function instances(count, { lengths = false } = {}) {
  return Array.from({ length: count }, (_, i) => {
    const features = [Math.sin(i), Math.cos(2 * i), Math.sin(3 * i + 1)];
    const x = lengths
      ? Array.from({ length: (i % 4) + 1 }, (_, k) => features.map((value) => value + k / 8))
      : features;
    return { x, y: features[0] - 0.5 * features[1] * features[2] };
  });
}

function variable(shape, seed) {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: size }, (_, i) => 0.4 * Math.sin(seed * 7 + i * 1.7));
  return tf.tidy(() => tf.variable(tf.tensor(values, shape)));
}
