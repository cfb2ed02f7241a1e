import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import type { KernelInputs } from './__fixtures__/against-cpu.js';
import { averagePoolLowerings } from './average-pool.js';
import { batchNormLowerings } from './batch-norm.js';
import { convolutionLowerings } from './convolution.js';
import { depthwiseLowerings } from './depthwise.js';
import { localResponseLowerings } from './local-response.js';
import type { KernelAttributes } from './lowering.js';
import { maxPoolLowerings } from './max-pool.js';
import { resizeLowerings } from './resize.js';

const lowerings = {
  ...averagePoolLowerings,
  ...batchNormLowerings,
  ...convolutionLowerings(),
  ...depthwiseLowerings,
  ...localResponseLowerings,
  ...maxPoolLowerings,
  ...resizeLowerings,
};

const none = tf.zeros([0, 4, 4, 3]);
const noneSmaller = tf.zeros([0, 2, 2, 3]);
const filter = random([3, 3, 3, 3]);
const depthwise = random([3, 3, 3, 1]);
const ofFilter = { strides: 1, pad: 'same', dataFormat: 'NHWC', dilations: 1 };
const pooling = { filterSize: 2, strides: 2, pad: 'valid' };
const overlapping = { filterSize: 3, strides: 2, pad: 'same' };
const size = { size: [8, 6], alignCorners: false, halfPixelCenters: false };
const response = { depthRadius: 1, bias: 1, alpha: 1, beta: 0.5 };

// tfjs's kernels of no elements: the filter gradients are zero, all else is empty
test.each<[string, KernelInputs, KernelAttributes]>([
  ['Conv2D', { x: none, filter }, ofFilter],
  ['Conv2DBackpropInput', { dy: none, filter }, { ...ofFilter, inputShape: none.shape }],
  ['Conv2DBackpropFilter', { x: none, dy: none }, { ...ofFilter, filterShape: filter.shape }],
  ['Conv2DBackpropFilter', { x: none, dy: none }, { ...ofFilter, filterShape: [1, 1, 3, 3] }],
  ['DepthwiseConv2dNative', { x: none, filter: depthwise }, ofFilter],
  ['DepthwiseConv2dNativeBackpropInput', { dy: none, filter: depthwise }, { ...ofFilter, inputShape: none.shape }],
  ['DepthwiseConv2dNativeBackpropFilter', { x: none, dy: none }, { ...ofFilter, filterShape: depthwise.shape }],
  ['MaxPool', { x: none }, pooling],
  ['MaxPoolGrad', { dy: noneSmaller, input: none, output: noneSmaller }, pooling],
  ['MaxPoolGrad', { dy: noneSmaller, input: none, output: noneSmaller }, overlapping],
  ['AvgPool', { x: none }, pooling],
  ['AvgPoolGrad', { dy: noneSmaller, input: none }, pooling],
  ['FusedBatchNorm', { x: none, mean: random([3]), variance: tf.ones([3]) }, { varianceEpsilon: 0.1 }],
  ['LRN', { x: none }, response],
  ['ResizeBilinear', { images: none }, size],
  ['ResizeNearestNeighbor', { images: none }, size],
])('an empty batch through %s', (kernel, inputs, attributes) => {
  expectClose(lowered(lowerings[kernel]!, inputs, attributes), onCpu(kernel, inputs, attributes));
});
