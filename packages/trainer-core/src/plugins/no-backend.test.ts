import * as tf from '@tensorflow/tfjs-core';

import { explain } from './construction.js';

// No tfjs package but tfjs-core is imported in this file: this is what a model's constructor meets then.
it('a part that makes tensors without a backend is told what to install', () => {
  let error: unknown;
  try {
    tf.scalar(0);
  } catch (caught) {
    error = caught;
  }
  expect(explain(error, 'model "line"')).toMatchObject({
    code: 'X_ENGINE_NO_BACKEND',
    message: expect.stringMatching(/^model "line" .*npm install @tensorflow\/tfjs/) as string,
  });
});
