import * as tf from '@tensorflow/tfjs-core';
import type { RandomStream } from '@x/trainer-core';
import { uniform } from '@x/trainer-core';

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Float32 numbers in [-1, 1). */
export function numbers(shape: readonly number[], random: RandomStream): tf.Tensor {
  return uniform(shape, random, -1, 1);
}

/** Int32 numbers from 0 to `count` - 1. */
export function classes(shape: readonly number[], count: number, random: RandomStream): tf.Tensor {
  return tf.tensor(drawn(sizeOf(shape), count, random), [...shape], 'int32');
}

/** Float32 ones and zeros, as equally likely labels of two classes. */
export function binary(shape: readonly number[], random: RandomStream): tf.Tensor {
  return tf.tensor(drawn(sizeOf(shape), 2, random), [...shape], 'float32');
}

/** Classes as float32 rows with a single one: [...shape, count]. */
export function oneHot(shape: readonly number[], count: number, random: RandomStream): tf.Tensor {
  const size = sizeOf(shape);
  const values = new Float32Array(size * count);
  drawn(size, count, random).forEach((drawnClass, i) => (values[i * count + drawnClass] = 1));
  return tf.tensor(values, [...shape, count]);
}

function drawn(size: number, count: number, random: RandomStream): Int32Array {
  return Int32Array.from(random.uniforms(size), (value) => Math.floor(value * count));
}
