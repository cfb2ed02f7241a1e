import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs something that must free every tensor that it makes, and none besides.
 *
 * @returns what it returned.
 * @throws AssertionError saying how many tensors more or fewer there are; an error of `run` itself as it is.
 */
export async function expectNoLeak<R>(run: () => R | Promise<R>): Promise<R> {
  await tf.ready();
  const before = tf.memory().numTensors;
  const result = await run();
  const more = tf.memory().numTensors - before;
  assert.ok(more <= 0, `${more} tensors were left behind`);
  assert.ok(more >= 0, `${-more} tensors that existed before were freed`);
  return result;
}
