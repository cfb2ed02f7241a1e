import '@tensorflow/tfjs-backend-cpu';

import * as tf from '@tensorflow/tfjs-core';

import { lowerings } from './index.js';
import { WITHOUT_LOWERING } from './without-lowering.js';

/** Kernels whose families are not in the table yet. */
const PENDING = ['Multinomial'];

const kernels = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);

test('each kernel of tfjs either has a lowering or a reason why not', () => {
  const accounted = [...Object.keys(lowerings), ...Object.keys(WITHOUT_LOWERING), ...PENDING];
  expect(accounted.toSorted()).toEqual(kernels.toSorted());
});
