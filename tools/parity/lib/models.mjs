import * as tf from '@tensorflow/tfjs-core';
import { Metric, ParameterSet, Regularizer, RegularizerApplicator } from '@x/trainer-core';

import { variables } from './tensors.mjs';

/** y = x W^T + b, with torch's layout [out, in]. */
export const linear = (x, weights, name) =>
  tf.add(tf.matMul(x, weights[`${name}.weight`], false, true), weights[`${name}.bias`]);

/** Cross entropy of each row of logits. */
export const crossEntropy = (logits, labels) =>
  tf.neg(tf.sum(tf.mul(tf.oneHot(labels, logits.shape[1]), tf.logSoftmax(logits)), 1));

/** A metric from two functions: the sums that a batch adds, and the value of the sums. */
export class SumMetric extends Metric {
  constructor(name, of) {
    super();
    this.name = name;
    this.of = of;
    this.reset();
  }

  update(outputs, batch) {
    const [total, count] = tf.tidy(() => this.of(outputs, batch).map((value) => value.dataSync()[0]));
    this.total += total;
    this.count += count;
  }

  sums() {
    return { total: this.total, count: this.count };
  }

  compute({ total, count }) {
    return { [this.name]: count > 0 ? total / count : 0 };
  }

  load({ total, count }) {
    this.total = total;
    this.count = count;
  }

  reset() {
    this.total = 0;
    this.count = 0;
  }
}

const meanAbsoluteError = () =>
  new SumMetric('mae', ({ pred }, { y }) => [tf.sum(tf.abs(tf.sub(pred, y))), tf.scalar(y.size)]);

export const accuracy = (mask) =>
  new SumMetric('accuracy', ({ logits }, batch) => {
    const labels = batch.y ?? batch.label ?? batch.tags;
    const right = tf.cast(tf.equal(tf.argMax(logits, -1), labels), 'float32');
    const counted = mask === undefined ? tf.onesLike(right) : tf.cast(batch[mask], 'float32');
    return [tf.sum(tf.mul(right, counted)), tf.sum(counted)];
  });

const squaredError = (pred, y) => tf.mean(tf.square(tf.sub(pred, y)));

/** The architectures of the fixtures' README: `metrics`, and `forward(weights, batch, mode)`. */
const architectures = {
  mlp_regression: () => ({
    metrics: [meanAbsoluteError()],
    forward: (weights, { x, y, no_loss: noLoss }, { training }) => {
      const pred = linear(tf.tanh(linear(x, weights, 'hidden')), weights, 'out');
      return noLoss === true && !training ? { pred } : { pred, loss: squaredError(pred, y) };
    },
  }),
  mlp_classifier: () => ({
    metrics: [accuracy()],
    forward: (weights, { x, y, label }) => {
      const logits = linear(tf.relu(linear(x, weights, 'hidden')), weights, 'out');
      return { logits, loss: tf.mean(crossEntropy(logits, y ?? label)) };
    },
  }),
  two_head_regression: () => ({
    metrics: [meanAbsoluteError()],
    forward: (weights, { x, y, head }) => {
      const pred = linear(tf.tanh(linear(x, weights, 'hidden')), weights, `head_${head}`);
      return { pred, loss: squaredError(pred, y) };
    },
  }),
  lstm_tagger: () => ({ metrics: [accuracy('mask')], forward: lstmTagger }),
  no_loss: () => ({
    metrics: [meanAbsoluteError()],
    forward: (weights, { x }) => ({ pred: linear(tf.tanh(linear(x, weights, 'hidden')), weights, 'out') }),
  }),
  nan_loss: () => {
    // a variable, since a compiled step runs this function only to see what it computes
    const calls = tf.tidy(() => tf.variable(tf.scalar(0), false));
    return {
      metrics: [meanAbsoluteError()],
      buffers: { calls },
      forward: (weights, { x, y }) => {
        const pred = linear(tf.tanh(linear(x, weights, 'hidden')), weights, 'out');
        calls.assign(tf.add(calls, 1));
        const spoilt = tf.where(tf.greaterEqual(calls, 3), Number.NaN, 0);
        return { pred, loss: tf.add(squaredError(pred, y), spoilt) };
      },
    };
  },
};

/** LSTM with gates i, f, g, o along axis 0 of its weights, left to right over all positions. */
function lstmTagger(weights, { tokens, mask, tags }) {
  const [size, length] = tokens.shape;
  const hiddenSize = weights['encoder.weight_hh_l0'].shape[1];
  const embedded = tf.reshape(tf.gather(weights['embedding.weight'], tf.reshape(tokens, [-1])), [size, length, -1]);
  let h = tf.zeros([size, hiddenSize]);
  let c = tf.zeros([size, hiddenSize]);
  const states = [];
  for (const x of tf.unstack(embedded, 1)) {
    const fromInput = tf.add(tf.matMul(x, weights['encoder.weight_ih_l0'], false, true), weights['encoder.bias_ih_l0']);
    const fromState = tf.add(tf.matMul(h, weights['encoder.weight_hh_l0'], false, true), weights['encoder.bias_hh_l0']);
    const [i, f, g, o] = tf.split(tf.add(fromInput, fromState), 4, 1);
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    states.push(h);
  }
  const flat = linear(tf.reshape(tf.stack(states, 1), [-1, hiddenSize]), weights, 'projection');
  const counted = tf.cast(tf.reshape(mask, [-1]), 'float32');
  const loss = tf.div(tf.sum(tf.mul(crossEntropy(flat, tf.reshape(tags, [-1])), counted)), tf.sum(counted));
  return { logits: tf.reshape(flat, [size, length, -1]), loss };
}

/** The model of a fixture. `run` builds the regularizer. */
export function model({ arch, regularizer }, initialParameters, run) {
  const weights = variables(initialParameters);
  const { metrics, forward, buffers = {} } = architectures[arch]();
  const applicator = new RegularizerApplicator(
    (regularizer?.regexes ?? []).map(([pattern, config]) => [pattern, run.build(Regularizer, config)]),
  );
  return {
    metrics,
    forward: (batch, mode) => forward(weights, batch, mode),
    namedVariables: () => weights,
    namedBuffers: () => buffers,
    regularizationPenalty: () => (regularizer ? applicator.penalty(ParameterSet.of(weights)) : null),
  };
}
