import * as tf from '@tensorflow/tfjs-core';

import { compiled, expectAgreement, sample, whole } from './__fixtures__/agrees.js';
import type { TestType } from './__fixtures__/agrees.js';
import type { KernelInputs } from './__fixtures__/against-cpu.js';
import type { KernelAttributes } from './lowering.js';
import { NoLoweringError } from './lowering.js';

const TYPES: readonly TestType[] = ['float32', 'int32', 'bool'];

type Case = readonly [kernel: string, shape: number[], attributes: KernelAttributes];

const masks = { beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 };
const CASES: readonly Case[] = [
  ['Identity', [2, 3], {}],
  ['Reshape', [2, 6], { shape: [3, 4] }],
  ['Reshape', [2, 6], { shape: [-1, 2] }],
  ['Reshape', [1], { shape: [] }],
  ['Reshape', [0, 3], { shape: [3, 0, 2] }],
  ['Transpose', [2, 3, 4], { perm: [2, 0, 1] }],
  ['Transpose', [2, 3], { perm: [1, 0] }],
  ['Transpose', [0, 3], { perm: [1, 0] }],
  ['Transpose', [], { perm: [] }],
  ['Slice', [4, 5], { begin: [1, 2], size: [2, 3] }],
  ['Slice', [4, 5], { begin: [1], size: [2] }],
  ['Slice', [4, 5], { begin: [0, 2], size: [-1, -1] }],
  ['Slice', [4, 5], { begin: [4, 0], size: [0, 5] }],
  ['StridedSlice', [6, 7], { begin: [1, 0], end: [6, 7], strides: [2, 3], ...masks }],
  ['StridedSlice', [6, 7], { begin: [5, 6], end: [0, 1], strides: [-1, -2], ...masks }],
  ['StridedSlice', [6, 7], { begin: [-1, 0], end: [-7, 7], strides: [-2, 1], ...masks }],
  ['StridedSlice', [6, 7], { begin: [1, 1], end: [2, 9], strides: [1, 1], ...masks, beginMask: 2, endMask: 2 }],
  ['StridedSlice', [6, 7], { begin: [5, 0], end: [0, 0], strides: [-1, -3], ...masks, beginMask: 3, endMask: 3 }],
  ['StridedSlice', [6, 7], { begin: [2, 0], end: [3, 7], strides: [1, 1], ...masks, shrinkAxisMask: 1 }],
  ['StridedSlice', [6, 7], { begin: [0, 1, 0], end: [0, 5, 7], strides: [1, 2, 1], ...masks, newAxisMask: 1 }],
  ['StridedSlice', [2, 3, 4], { begin: [0, 1], end: [0, 3], strides: [1, 2], ...masks, ellipsisMask: 1 }],
  ['StridedSlice', [6, 7], { begin: [4, 0], end: [2, 7], strides: [2, 2], ...masks }],
  ['Reverse', [3, 4, 2], { dims: [0, 2] }],
  ['Reverse', [3, 4], { dims: [-1] }],
  ['Reverse', [0, 4], { dims: [0] }],
  ['Reverse', [], { dims: [] }],
  ['PadV2', [2, 3], { paddings: [[1, 2], [0, 3]], constantValue: 0 }], // prettier-ignore
  ['PadV2', [2, 3], { paddings: [[1, 0], [0, 0]], constantValue: 1 }], // prettier-ignore
  ['PadV2', [0, 2], { paddings: [[2, 1], [0, 0]], constantValue: 1 }], // prettier-ignore
  ['PadV2', [], { paddings: [], constantValue: 0 }],
  ['MirrorPad', [3, 4], { paddings: [[2, 1], [0, 3]], mode: 'reflect' }], // prettier-ignore
  ['MirrorPad', [3, 4], { paddings: [[3, 1], [0, 4]], mode: 'symmetric' }], // prettier-ignore
  ['MirrorPad', [1, 4], { paddings: [[0, 0], [1, 0]], mode: 'reflect' }], // prettier-ignore
  ['Tile', [2, 3], { reps: [2, 3] }],
  ['Tile', [1, 3], { reps: [4, 1] }],
  ['Tile', [3], { reps: [0] }],
  ['Tile', [0, 3], { reps: [2, 2] }],
  ['Tile', [], { reps: [] }],
  ['SpaceToBatchND', [1, 4, 6, 2], { blockShape: [2, 2], paddings: [[0, 0], [1, 1]] }], // prettier-ignore
  ['SpaceToBatchND', [2, 5, 3], { blockShape: [3], paddings: [[0, 1]] }],
  ['BatchToSpaceND', [8, 2, 3, 1], { blockShape: [2, 2], crops: [[0, 1], [2, 0]] }], // prettier-ignore
  ['BatchToSpaceND', [6, 2, 2], { blockShape: [3], crops: [[1, 2]] }],
  ['DepthToSpace', [2, 3, 2, 12], { blockSize: 2, dataFormat: 'NHWC' }],
];

test.each(CASES)('%s of %j with %j', (kernel, shape, attributes) => {
  for (const type of TYPES) expectAgreement(kernel, { x: sample(type, shape) }, attributes, 0);
});

// tfjs's kernel reads along the wrong axis: it has forgotten the axis that was taken away
test('StridedSlice of one row in steps', () => {
  const attributes = { begin: [2, 0], end: [3, 7], strides: [1, 2], ...masks, shrinkAxisMask: 1 };
  const x = tf.reshape(tf.range(0, 42), [6, 7]);
  expect(compiled('StridedSlice', { x }, attributes)).toEqual([
    { shape: [4], dtype: 'float32', data: [14, 16, 18, 20] },
  ]);
});

test('ExpandDims', () => {
  for (const dim of [0, 1, 2, -1, -2]) expectAgreement('ExpandDims', { input: sample('float32', [2, 3]) }, { dim });
});

test('FlipLeftRight', () => {
  expectAgreement('FlipLeftRight', { image: sample('float32', [2, 3, 5, 2]) });
});

test('MirrorPad keeps special values', () => {
  const attributes = { paddings: [[2, 2]], mode: 'reflect' };
  expectAgreement('MirrorPad', { x: tf.tensor1d([NaN, Infinity, -1]) }, attributes);
});

test('DepthToSpace of channels first is refused, as by tfjs', () => {
  const attributes = { blockSize: 2, dataFormat: 'NCHW' };
  expect(() => compiled('DepthToSpace', { x: sample('float32', [1, 4, 2, 2]) }, attributes)).toThrow(NoLoweringError);
});

describe('PadV2 with a value', () => {
  test.each([1.5, -Infinity, NaN, -3])('%d', (constantValue) => {
    expectAgreement('PadV2', { x: sample('float32', [3]) }, { paddings: [[1, 1]], constantValue });
  });

  test('that is whole for whole numbers', () => {
    expectAgreement('PadV2', { x: whole(1, 2) }, { paddings: [[1, 0]], constantValue: -7 });
  });
});

describe('Cast', () => {
  test.each(TYPES.flatMap((from) => TYPES.map((to) => [from, to] as const)))('from %s to %s', (from, to) => {
    for (const shape of [[5, 2], [], [0]]) expectAgreement('Cast', { x: sample(from, shape) }, { dtype: to });
  });

  test('of special values', () => {
    const x = tf.tensor1d([NaN, Infinity, -Infinity, -0, 0.3, -0.3, 2.9, -2.9, 3e9, -3e9, 2 ** 33 + 2 ** 11, 1e18]);
    for (const dtype of TYPES) expectAgreement('Cast', { x }, { dtype }, 0);
  });

  test('to complex numbers is refused', () => {
    expect(() => compiled('Cast', { x: sample('float32', [1]) }, { dtype: 'complex64' })).toThrow(NoLoweringError);
  });
});

describe('lists of tensors', () => {
  const lists: readonly (readonly [string, KernelInputs, KernelAttributes])[] = [
    ['Concat', [sample('float32', [2, 3]), sample('float32', [4, 3], 2)], { axis: 0 }],
    ['Concat', [sample('int32', [2, 3]), sample('int32', [2, 1], 2), sample('int32', [2, 2], 3)], { axis: -1 }],
    ['Concat', [sample('bool', [2]), sample('bool', [3])], { axis: 0 }],
    ['Concat', [sample('float32', [2, 3])], { axis: 1 }],
    ['Concat', [sample('float32', [0, 3]), sample('float32', [2, 3])], { axis: 0 }],
    ['Concat', [sample('float32', [0, 3]), sample('float32', [0, 2])], { axis: 1 }],
    ['Concat', Array.from({ length: 12 }, (_, i) => sample('float32', [1, 2], i + 1)), { axis: 0 }],
    ['Concat', [whole(1, 2), tf.tensor1d([2.5])], { axis: 0 }],
    ['Pack', [sample('float32', [2, 3]), sample('float32', [2, 3], 2)], { axis: 0 }],
    ['Pack', [sample('int32', [2, 3]), sample('int32', [2, 3], 2)], { axis: 1 }],
    ['Pack', [sample('bool', [2, 3]), sample('bool', [2, 3], 2)], { axis: 2 }],
    ['Pack', [sample('float32', [])], { axis: 0 }],
  ];

  test.each(lists)('%s %#', (kernel, inputs, attributes) => {
    expectAgreement(kernel, inputs, attributes, 0);
  });

  test.each(TYPES)('Unpack %s', (type) => {
    for (const axis of [0, 1, -1]) expectAgreement('Unpack', { value: sample(type, [2, 3]) }, { axis });
  });

  test('SplitV', () => {
    const x = sample('float32', [6, 4]);
    expectAgreement('SplitV', { x }, { numOrSizeSplits: 3, axis: 0 });
    expectAgreement('SplitV', { x }, { numOrSizeSplits: [1, 0, 3], axis: 1 });
    expectAgreement('SplitV', { x: sample('int32', [6, 4]) }, { numOrSizeSplits: 2, axis: -1 });
  });

  test('SplitV leaves the list of sizes as it is', () => {
    const numOrSizeSplits = [1, -1];
    compiled('SplitV', { x: sample('float32', [6]) }, { numOrSizeSplits, axis: 0 });
    expect(numOrSizeSplits).toEqual([1, -1]);
  });
});
