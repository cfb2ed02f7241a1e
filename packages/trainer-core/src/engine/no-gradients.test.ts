import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { EagerEngine } from './eager-engine.js';

// A backend without the gradients that tfjs-layers registers: everything runs until something is differentiated.
it('the eager engine says that there are no gradients, and leaves no tensor', async () => {
  await tf.ready();
  const before = tf.memory().numTensors;
  await expect(new EagerEngine().prepare()).rejects.toMatchObject({
    code: 'X_ENGINE_NO_GRADIENTS',
    message: expect.stringContaining("import '@tensorflow/tfjs'") as string,
  });
  expect(tf.memory().numTensors).toBe(before);
});
