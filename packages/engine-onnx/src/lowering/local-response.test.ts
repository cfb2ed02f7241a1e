import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { localResponseLowerings } from './local-response.js';

test.each([
  ["tfjs's defaults", [2, 3, 4, 7], { depthRadius: 5, bias: 1, alpha: 1, beta: 0.5 }],
  ['a narrow band', [1, 3, 4, 7], { depthRadius: 1, bias: 2, alpha: 0.3, beta: 0.75 }],
  ['each channel alone', [3, 2, 2, 4], { depthRadius: 0, bias: 1, alpha: 0.5, beta: 1 }],
  ['one channel', [2, 3, 3, 1], { depthRadius: 2, bias: 1, alpha: 1, beta: 0.5 }],
])('LRN and its gradient: %s', (_, shape, attributes) => {
  const x = random(shape);
  const [y] = onCpu('LRN', { x }, attributes);
  expectClose(lowered(localResponseLowerings['LRN']!, { x }, attributes), [y!]);

  const inputs = { x, y: tf.tensor([...y!.data], shape), dy: random(shape, 2) };
  expectClose(lowered(localResponseLowerings['LRNGrad']!, inputs, attributes), onCpu('LRNGrad', inputs, attributes));
});
