import * as tf from '@tensorflow/tfjs-core';

import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { differences } from './__fixtures__/against-gradient.js';
import { fastestConvolutions } from './convolution-choices.js';
import type { ConvolutionChoices } from './convolution-choices.js';
import { convolutionLowerings } from './convolution.js';
import type { Lowering } from './lowering.js';

const plain: ConvolutionChoices = {
  channelsLastFilterGradient: false,
  fewChannelsOutermost: false,
  concatenatedFilterGradient: false,
  pointwiseFilterGradient: false,
  flippedInputGradient: false,
};

interface Case {
  /** [batch, height, width, channels]. */
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides?: number | [number, number];
  readonly pad?: string | number | number[][];
  readonly dilations?: number | [number, number];
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

const cases: readonly (readonly [string, Case])[] = [
  ['3x3, same', { x: [2, 7, 9, 3], filter: [3, 3, 3, 4] }],
  ['3x3, valid, one image', { x: [1, 7, 9, 3], filter: [3, 3, 3, 4], pad: 'valid' }],
  ['1x1', { x: [3, 5, 4, 3], filter: [1, 1, 3, 4] }],
  ['1x1, more products than elements', { x: [2, 2, 2, 9], filter: [1, 1, 9, 17] }],
  ['1x1, padded', { x: [2, 3, 4, 3], filter: [1, 1, 3, 4], pad: 1 }],
  ['1x1, stride 2', { x: [3, 5, 6, 3], filter: [1, 1, 3, 4], strides: 2, pad: 'valid' }],
  ['1x1, stride 3, same', { x: [3, 6, 8, 3], filter: [1, 1, 3, 4], strides: 3 }],
  ['stride 2, same, even', { x: [3, 8, 6, 2], filter: [3, 3, 2, 5], strides: 2 }],
  ['stride 2, valid, what is left over', { x: [3, 8, 10, 2], filter: [3, 3, 2, 5], strides: 2, pad: 'valid' }],
  ['stride 3, kernel 2', { x: [1, 11, 9, 2], filter: [2, 2, 2, 3], strides: 3 }],
  ['strides that differ', { x: [2, 9, 9, 2], filter: [3, 3, 2, 3], strides: [1, 3] }],
  ['a rectangular kernel', { x: [3, 8, 9, 2], filter: [5, 2, 2, 3] }],
  ['a number as padding', { x: [3, 7, 6, 2], filter: [3, 3, 2, 3], pad: 2 }],
  ['a number as padding, kernel 3x5', { x: [2, 7, 9, 2], filter: [3, 5, 2, 3], pad: 1 }],
  ['a number as padding, kernel 5x3', { x: [2, 7, 9, 2], filter: [5, 3, 2, 3], pad: 1 }],
  ['a number as padding, kernel 7x1', { x: [2, 9, 9, 2], filter: [7, 1, 2, 3], pad: 0, strides: 2 }],
  // prettier-ignore
  ['explicit padding', { x: [2, 5, 7, 2], filter: [3, 3, 2, 3], pad: [[0, 0], [2, 0], [1, 3], [0, 0]] }],
  ['rounding up', { x: [2, 8, 7, 2], filter: [3, 3, 2, 3], strides: 2, pad: 1, dimRoundingMode: 'ceil' }],
  ['rounding', { x: [2, 8, 8, 2], filter: [3, 3, 2, 3], strides: 3, pad: 0, dimRoundingMode: 'round' }],
  ['rounding down', { x: [2, 8, 7, 2], filter: [3, 3, 2, 3], strides: 2, pad: 1, dimRoundingMode: 'floor' }],
  ['channels first', { x: [3, 2, 7, 6], filter: [3, 3, 2, 3], dataFormat: 'NCHW' }],
  ['channels first, stride 2', { x: [3, 2, 7, 6], filter: [3, 2, 2, 3], strides: 2, dataFormat: 'NCHW', pad: 'valid' }],
  ['32 channels to 32', { x: [2, 5, 5, 32], filter: [3, 3, 32, 32] }],
  ['32 channels to 32, valid', { x: [2, 5, 6, 32], filter: [3, 3, 32, 32], pad: 'valid' }],
  ['32 channels to 32, padding beyond the kernel', { x: [1, 4, 4, 32], filter: [2, 2, 32, 32], pad: 3 }],
  ['32 channels to 32, stride 2', { x: [2, 6, 5, 32], filter: [3, 3, 32, 32], strides: 2 }],
  ['64 channels to 32', { x: [2, 5, 5, 64], filter: [3, 3, 64, 32] }],
  ['64 channels to 31', { x: [2, 5, 5, 64], filter: [3, 3, 64, 31] }],
  ['8 channels', { x: [2, 5, 5, 8], filter: [3, 3, 8, 9] }],
  ['long rows', { x: [1, 3, 25, 9], filter: [3, 3, 9, 3] }],
  ['more channels in than out', { x: [2, 5, 6, 5], filter: [3, 2, 5, 3], pad: 'valid' }],
  ['one channel', { x: [3, 6, 6, 1], filter: [3, 3, 1, 1] }],
];

const dilated: readonly (readonly [string, Case])[] = [
  ['dilation 2, same', { x: [2, 9, 8, 3], filter: [3, 3, 3, 2], dilations: 2 }],
  ['dilations that differ, valid', { x: [1, 9, 8, 3], filter: [3, 2, 3, 2], dilations: [2, 3], pad: 'valid' }],
  ['dilation 2, 32 channels', { x: [1, 5, 4, 32], filter: [2, 2, 32, 32], dilations: 2 }],
];

function attributesOf({ strides = 1, pad = 'same', dilations = 1, dataFormat = 'NHWC', dimRoundingMode }: Case) {
  return { strides, pad, dilations, dataFormat, ...(dimRoundingMode && { dimRoundingMode }) };
}

function dyOf(entry: Case): tf.Tensor {
  const inputs = { x: tf.zeros(entry.x), filter: tf.zeros(entry.filter) };
  return random([...onCpu('Conv2D', inputs, attributesOf(entry))[0]!.shape], 3);
}

describe.each([
  ['the fastest forms', fastestConvolutions],
  ['the plain forms', plain],
])('with %s', (_, choices) => {
  const { Conv2D, Conv2DBackpropInput, Conv2DBackpropFilter } = convolutionLowerings(choices) as Record<
    string,
    Lowering
  >;

  test.each([...cases, ...dilated])('Conv2D: %s', (_, entry) => {
    const inputs = { x: random(entry.x, 1), filter: random(entry.filter, 2) };
    const attributes = attributesOf(entry);
    expectClose(lowered(Conv2D!, inputs, attributes), onCpu('Conv2D', inputs, attributes));
  });

  test.each(cases)('Conv2DBackpropInput: %s', (_, entry) => {
    const inputs = { dy: dyOf(entry), filter: random(entry.filter, 2) };
    const attributes = { ...attributesOf(entry), inputShape: entry.x };
    const expected = onCpu('Conv2DBackpropInput', inputs, attributes);
    expectClose(lowered(Conv2DBackpropInput!, inputs, attributes), expected);
  });

  test.each(cases)('Conv2DBackpropFilter: %s', (_, entry) => {
    const inputs = { x: random(entry.x, 1), dy: dyOf(entry) };
    const attributes = { ...attributesOf(entry), filterShape: entry.filter };
    const expected = onCpu('Conv2DBackpropFilter', inputs, attributes);
    expectClose(lowered(Conv2DBackpropFilter!, inputs, attributes), expected);
  });

  // tfjs has no gradients of dilated convolutions
  test.each(dilated.slice(0, 2))('gradients, %s', (_, entry) => {
    const [x, filter, dy] = [random(entry.x, 1), random(entry.filter, 2), dyOf(entry)];
    const attributes = attributesOf(entry);
    const { strides, pad, dilations } = entry;
    const y = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides ?? 1, (pad ?? 'same') as 'same', 'NHWC', dilations ?? 1);
    expectClose(
      [
        ...lowered(Conv2DBackpropInput!, { dy, filter }, { ...attributes, inputShape: entry.x }),
        ...lowered(Conv2DBackpropFilter!, { x, dy }, { ...attributes, filterShape: entry.filter }),
      ],
      [differences((a) => y(a, filter), x, dy), differences((b) => y(x, b), filter, dy)],
    );
  });
});

describe('gradients leave out rows that only a rounding mode made, as tfjs does', () => {
  const { Conv2DBackpropInput, Conv2DBackpropFilter } = convolutionLowerings() as Record<string, Lowering>;
  const entry: Case = { x: [2, 8, 8, 2], filter: [3, 3, 2, 3], strides: 2, pad: 1, dimRoundingMode: 'ceil' };
  const { dimRoundingMode: _, ...attributes } = attributesOf(entry);

  test('Conv2DBackpropInput', () => {
    const inputs = { dy: dyOf(entry), filter: random(entry.filter, 2) };
    const own = { ...attributes, inputShape: entry.x };
    expectClose(lowered(Conv2DBackpropInput!, inputs, own), onCpu('Conv2DBackpropInput', inputs, own));
  });

  test('Conv2DBackpropFilter', () => {
    const inputs = { x: random(entry.x, 1), dy: dyOf(entry) };
    const own = { ...attributes, filterShape: entry.filter };
    expectClose(lowered(Conv2DBackpropFilter!, inputs, own), onCpu('Conv2DBackpropFilter', inputs, own));
  });
});

describe('FusedConv2D', () => {
  const { FusedConv2D } = convolutionLowerings() as Record<string, Lowering>;
  const [x, filter] = [random([2, 5, 6, 3], 1), random([3, 3, 3, 4], 2)];
  const [perChannel, one] = [random([4], 3), random([1], 4)];

  test.each([
    ['a bias', { bias: perChannel }, 'linear', 'NHWC'],
    ['a bias of one number', { bias: one }, 'linear', 'NHWC'],
    ['a bias of the whole image', { bias: random([5, 6, 4], 5) }, 'relu', 'NHWC'],
    ['no bias', {}, 'relu', 'NHWC'],
    ['a bias and an activation', { bias: perChannel }, 'sigmoid', 'NHWC'],
    ['weights of the activation', { bias: perChannel, preluActivationWeights: random([4], 6) }, 'prelu', 'NHWC'],
    ['a bias, channels first', { bias: perChannel }, 'relu6', 'NCHW'],
    ['a bias of one number, channels first', { bias: one }, 'elu', 'NCHW'],
    ['weights of the activation, channels first', { preluActivationWeights: random([4], 6) }, 'prelu', 'NCHW'],
    ['a slope', { bias: perChannel }, 'leakyrelu', 'NCHW'],
  ] as const)('%s', (_, more, activation, dataFormat) => {
    const inputs = { x: dataFormat === 'NCHW' ? tf.transpose(x, [0, 3, 1, 2]) : x, filter, ...more };
    const attributes = {
      ...attributesOf({ x: [0, 0, 0, 0], filter: [0, 0, 0, 0], dataFormat }),
      activation,
      leakyreluAlpha: 0.3,
    };
    expectClose(lowered(FusedConv2D!, inputs, attributes), onCpu('FusedConv2D', inputs, attributes));
  });
});

test('an empty batch gives an empty result', () => {
  const { Conv2D } = convolutionLowerings() as Record<string, Lowering>;
  const inputs = { x: tf.zeros([0, 5, 5, 2]), filter: random([3, 3, 2, 3]) };
  const attributes = attributesOf({ x: [0, 5, 5, 2], filter: [3, 3, 2, 3] });
  expectClose(lowered(Conv2D!, inputs, attributes), onCpu('Conv2D', inputs, attributes));
});
