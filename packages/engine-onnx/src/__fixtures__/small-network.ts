import * as tf from '@tensorflow/tfjs-core';
import { cloneBatch, DataLoader, dropout, RandomStreams } from '@x/trainer-core';
import type { Batch, EpochRequest, ForwardMode, ModelLike, Outputs } from '@x/trainer-core';

const [FEATURES, HIDDEN, CLASSES] = [5, 7, 3];

function normals(name: string, size: number): Float32Array {
  return new RandomStreams(11).stream(name).normals(size);
}

function weights(name: string, shape: number[]): tf.Variable {
  const size = shape.reduce((product, length) => product * length, 1);
  return tf.tidy(() => tf.variable(tf.mul(tf.tensor(normals(name, size), shape), 0.5)));
}

/**
 * Two dense layers with batch normalization, dropout, and a temperature of one element: tensors of odd sizes, a scalar
 * that others are multiplied by, and buffers.
 */
export class SmallNetwork implements ModelLike {
  private readonly parameters = {
    kernel: weights('kernel', [FEATURES, HIDDEN]),
    gamma: tf.tidy(() => tf.variable(tf.ones([HIDDEN]))),
    beta: tf.tidy(() => tf.variable(tf.zeros([HIDDEN]))),
    output: weights('output', [HIDDEN, CLASSES]),
    temperature: tf.tidy(() => tf.variable(tf.ones([1]))),
  };
  private readonly buffers = {
    mean: tf.tidy(() => tf.variable(tf.zeros([HIDDEN]), false)),
    variance: tf.tidy(() => tf.variable(tf.ones([HIDDEN]), false)),
  };

  constructor(private readonly rate = 0.3) {}

  namedVariables(): Record<string, tf.Variable> {
    return this.parameters;
  }

  namedBuffers(): Record<string, tf.Variable> {
    return this.buffers;
  }

  forward({ x, y }: Batch, { training }: ForwardMode): Outputs {
    const { kernel, gamma, beta, output, temperature } = this.parameters;
    const hidden = tf.matMul(x as tf.Tensor2D, kernel);
    const { mean, variance } = training ? this.statistics(hidden) : this.buffers;
    const normal = tf.batchNorm(hidden, mean, variance, beta, gamma);
    const active = training ? dropout(tf.tanh(normal), this.rate) : tf.tanh(normal);
    const logits = tf.mul(tf.matMul(active as tf.Tensor2D, output as tf.Tensor as tf.Tensor2D), temperature);
    const logProbabilities = tf.logSoftmax(logits);
    const loss = tf.neg(tf.mean(tf.sum(tf.mul(logProbabilities, y as tf.Tensor), -1)));
    return { loss, probabilities: tf.exp(logProbabilities) };
  }

  /** Frees the variables. */
  dispose(): void {
    tf.dispose(this.parameters);
    tf.dispose(this.buffers);
  }

  private statistics(hidden: tf.Tensor): { mean: tf.Tensor; variance: tf.Tensor } {
    const moments = tf.moments(hidden, [0]);
    for (const name of ['mean', 'variance'] as const) {
      this.buffers[name].assign(tf.add(tf.mul(this.buffers[name], 0.9), tf.mul(moments[name], 0.1)));
    }
    return moments;
  }
}

/** Batches of `size` examples, the last one of fewer. */
export function smallBatches(count: number, size = 6): Batch[] {
  return Array.from({ length: count }, (_, i) => {
    const examples = i === count - 1 ? size - 2 : size;
    const labels = Array.from({ length: examples }, (_unused, j) => (i + j * j) % CLASSES);
    return tf.tidy(() => ({
      x: tf.tensor2d(normals(`x${i}`, examples * FEATURES), [examples, FEATURES]),
      y: tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES), 'float32'),
    }));
  });
}

/** Batches in another order every epoch: a function of the epoch alone. */
export class ShuffledBatches extends DataLoader {
  override readonly resumability = 'seekable';

  constructor(private readonly batches: readonly Batch[]) {
    super();
  }

  override length(): number {
    return this.batches.length;
  }

  override async *epoch({ epoch, start = 0 }: EpochRequest): AsyncGenerator<Batch> {
    const order = new RandomStreams(5).stream('shuffle').at(epoch).permutation(this.batches.length);
    for (const i of order.slice(start)) yield cloneBatch(this.batches[i]!);
  }
}
