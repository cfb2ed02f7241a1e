import * as tf from '@tensorflow/tfjs-core';
import { randomUniform } from '@x/trainer-core';

/**
 * Each image [n, height, width, channels] moved by up to `pixels` in both directions, at random; what comes in is 0. The
 * random numbers are those of the step, so that a run that goes on moves its images as one that was not stopped.
 */
export function moved(images: tf.Tensor4D, pixels: number): tf.Tensor4D {
  if (pixels === 0) return images;
  return movedAlong(movedAlong(images, 1, pixels), 2, pixels);
}

/** Of the `2 * pixels + 1` places where a window may stand in the padded images, each image has one. */
function movedAlong(images: tf.Tensor4D, axis: 1 | 2, pixels: number): tf.Tensor4D {
  const [count] = images.shape;
  const padded = tf.pad(
    images,
    [0, 1, 2, 3].map((each): [number, number] => (each === axis ? [pixels, pixels] : [0, 0])),
  );
  const places = 2 * pixels + 1;
  const chosen = tf.floor(tf.mul(randomUniform([count, 1, 1, 1]), places));
  const windows = Array.from({ length: places }, (_, place): tf.Tensor4D => {
    const begin = [0, 1, 2, 3].map((each) => (each === axis ? place : 0)) as [number, number, number, number];
    return tf.mul(tf.slice(padded, begin, images.shape), tf.cast(tf.equal(chosen, place), 'float32'));
  });
  return windows.reduce((sum, window) => tf.add(sum, window));
}
