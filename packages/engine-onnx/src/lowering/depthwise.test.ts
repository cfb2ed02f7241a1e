import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { expectAgreement } from './__fixtures__/agrees.js';
import { differences } from './__fixtures__/against-gradient.js';
import { depthwiseLowerings } from './depthwise.js';
import type { Lowering } from './lowering.js';

interface Case {
  /** [batch, height, width, channels]. */
  readonly x: [number, number, number, number];
  /** [height, width, channels, filters a channel]. */
  readonly filter: [number, number, number, number];
  readonly strides?: number | [number, number];
  readonly pad?: string | number | number[][];
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

const cases: readonly (readonly [string, Case])[] = [
  ['same', { x: [2, 7, 6, 5], filter: [3, 3, 5, 1] }],
  ['valid, one image', { x: [1, 7, 6, 5], filter: [3, 3, 5, 1], pad: 'valid' }],
  ['two filters a channel', { x: [3, 7, 6, 3], filter: [3, 3, 3, 2] }],
  ['three filters a channel, stride 2', { x: [3, 8, 7, 2], filter: [3, 3, 2, 3], strides: 2 }],
  ['a rectangular kernel, stride 3', { x: [2, 8, 9, 3], filter: [2, 5, 3, 1], strides: 3, pad: 'valid' }],
  ['a number as padding', { x: [2, 7, 9, 3], filter: [3, 5, 3, 2], pad: 1 }],
  // prettier-ignore
  ['explicit padding', { x: [2, 5, 7, 2], filter: [3, 3, 2, 2], pad: [[0, 0], [2, 0], [1, 3], [0, 0]] }],
  ['rounding up', { x: [2, 8, 7, 2], filter: [3, 3, 2, 1], strides: 2, pad: 1, dimRoundingMode: 'ceil' }],
  ['one channel', { x: [2, 6, 6, 1], filter: [3, 3, 1, 4] }],
  ['1x1', { x: [2, 6, 6, 3], filter: [1, 1, 3, 2] }],
];

const dilated: readonly (readonly [string, Case])[] = [
  ['dilation 2', { x: [2, 7, 6, 2], filter: [3, 3, 2, 2], dilations: 2 }],
  ['dilations that differ, valid', { x: [1, 7, 8, 2], filter: [3, 2, 2, 1], dilations: [1, 3], pad: 'valid' }],
];

const { DepthwiseConv2dNativeBackpropInput, DepthwiseConv2dNativeBackpropFilter, FusedDepthwiseConv2D } =
  depthwiseLowerings as Record<string, Lowering>;

function attributesOf({ strides = 1, pad = 'same', dilations = 1, dimRoundingMode }: Case) {
  return { strides, pad, dilations, dataFormat: 'NHWC', ...(dimRoundingMode && { dimRoundingMode }) };
}

function dyOf(entry: Case): tf.Tensor {
  const inputs = { x: tf.zeros(entry.x), filter: tf.zeros(entry.filter) };
  return random([...onCpu('DepthwiseConv2dNative', inputs, attributesOf(entry))[0]!.shape], 3);
}

test.each([...cases, ...dilated])('DepthwiseConv2dNative: %s', (_, entry) => {
  const inputs = { x: random(entry.x, 1), filter: random(entry.filter, 2) };
  const attributes = attributesOf(entry);
  expectAgreement('DepthwiseConv2dNative', inputs, attributes);
});

test.each(cases)('DepthwiseConv2dNativeBackpropInput: %s', (_, entry) => {
  const inputs = { dy: dyOf(entry), filter: random(entry.filter, 2) };
  const attributes = { ...attributesOf(entry), inputShape: entry.x };
  expectAgreement('DepthwiseConv2dNativeBackpropInput', inputs, attributes);
});

test.each(cases)('DepthwiseConv2dNativeBackpropFilter: %s', (_, entry) => {
  const inputs = { x: random(entry.x, 1), dy: dyOf(entry) };
  const attributes = { ...attributesOf(entry), filterShape: entry.filter };
  expectAgreement('DepthwiseConv2dNativeBackpropFilter', inputs, attributes);
});

// the cpu kernels of these gradients take no notice of the dilation
test.each(dilated)('gradients, %s', (_, entry) => {
  const [x, filter, dy] = [random(entry.x, 1), random(entry.filter, 2), dyOf(entry)];
  const attributes = attributesOf(entry);
  const y = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
    tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, attributes.pad as 'same', 'NHWC', attributes.dilations);
  expectClose(
    [
      ...lowered(DepthwiseConv2dNativeBackpropInput!, { dy, filter }, { ...attributes, inputShape: entry.x }),
      ...lowered(DepthwiseConv2dNativeBackpropFilter!, { x, dy }, { ...attributes, filterShape: entry.filter }),
    ],
    [differences((a) => y(a, filter), x, dy), differences((b) => y(x, b), filter, dy)],
  );
});

test.each([
  ['a bias', { bias: random([6], 3) }, 'linear'],
  ['a bias of one number', { bias: random([1], 3) }, 'relu'],
  ['a bias and an activation', { bias: random([6], 3) }, 'relu6'],
  ['weights of the activation', { preluActivationWeights: random([6], 3) }, 'prelu'],
])('FusedDepthwiseConv2D: %s', (_, more, activation) => {
  const entry: Case = { x: [2, 5, 6, 3], filter: [3, 3, 3, 2] };
  const inputs = { x: random(entry.x, 1), filter: random(entry.filter, 2), ...more };
  const attributes = { ...attributesOf(entry), activation };
  const expected = onCpu('FusedDepthwiseConv2D', inputs, attributes);
  expectClose(lowered(FusedDepthwiseConv2D!, inputs, attributes), expected);
});
