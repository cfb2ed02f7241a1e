import type { KernelAttributes } from '../lowering.js';

/** A name, the shape of the input, and the attributes. */
export type PoolingCase = readonly [name: string, x: number[], attributes: KernelAttributes];

export const imageCases: readonly PoolingCase[] = [
  ['2x2', [2, 6, 8, 3], { filterSize: 2, strides: 2, pad: 'valid' }],
  ['2x2, an element left over', [3, 7, 9, 2], { filterSize: 2, strides: 2, pad: 'valid' }],
  ['2x2, odd and same', [1, 7, 9, 3], { filterSize: 2, strides: 2, pad: 'same' }],
  ['3x2', [2, 7, 9, 3], { filterSize: [3, 2], strides: [3, 2], pad: 'same' }],
  ['3x3', [2, 8, 10, 2], { filterSize: 3, strides: 3, pad: 'same' }],
  ['1x4', [2, 3, 9, 2], { filterSize: [1, 4], strides: [1, 4], pad: 'valid' }],
  ['the whole image', [2, 5, 4, 3], { filterSize: [5, 4], strides: [5, 4], pad: 'valid' }],
  ['1x1', [2, 5, 4, 3], { filterSize: 1, strides: 1, pad: 'valid' }],
  ['1x1, stride 2', [2, 5, 6, 3], { filterSize: 1, strides: 2, pad: 'valid' }],
  ['3x3, stride 1', [2, 6, 5, 2], { filterSize: 3, strides: 1, pad: 'same' }],
  ['3x3, stride 2', [3, 8, 7, 2], { filterSize: 3, strides: 2, pad: 'same' }],
  ['3x3, stride 2, valid', [1, 8, 7, 2], { filterSize: 3, strides: 2, pad: 'valid' }],
  ['2x2, stride 3', [2, 9, 8, 2], { filterSize: 2, strides: 3, pad: 'valid' }],
  ['3x2, strides 1 and 2', [2, 7, 6, 2], { filterSize: [3, 2], strides: [1, 2], pad: 'same' }],
  ['a number as padding', [2, 7, 8, 2], { filterSize: 3, strides: 2, pad: 1 }],
  ['a number as padding, 2x2', [2, 6, 7, 2], { filterSize: 2, strides: 2, pad: 1 }],
  ['a number as padding, 2x4', [2, 6, 7, 2], { filterSize: [2, 4], strides: 2, pad: 1 }],
  // prettier-ignore
  ['explicit padding', [2, 5, 6, 2], { filterSize: 3, strides: 2, pad: [[0, 0], [2, 0], [1, 2], [0, 0]] }],
  ['rounding up', [2, 7, 8, 2], { filterSize: 2, strides: 2, pad: 0, dimRoundingMode: 'ceil' }],
  ['rounding up, 3x3', [2, 8, 8, 2], { filterSize: 3, strides: 2, pad: 0, dimRoundingMode: 'ceil' }],
];

export const volumeCases: readonly PoolingCase[] = [
  ['2x2x2', [2, 4, 6, 4, 3], { filterSize: 2, strides: 2, pad: 'valid', dataFormat: 'NDHWC' }],
  ['2x2x2, odd and same', [1, 5, 3, 7, 2], { filterSize: 2, strides: 2, pad: 'same', dataFormat: 'NDHWC' }],
  ['3x2x2', [2, 6, 4, 5, 2], { filterSize: [3, 2, 2], strides: [3, 2, 2], pad: 'same', dataFormat: 'NDHWC' }],
  ['3x3x3, stride 2', [2, 5, 6, 4, 2], { filterSize: 3, strides: 2, pad: 'same', dataFormat: 'NDHWC' }],
  ['2x2x2, stride 1', [3, 4, 3, 4, 1], { filterSize: 2, strides: 1, pad: 'valid', dataFormat: 'NDHWC' }],
  ['a number as padding', [2, 4, 5, 4, 2], { filterSize: 3, strides: 2, pad: 1, dataFormat: 'NDHWC' }],
  ['a stride beyond the window', [2, 5, 8, 5, 2], { filterSize: 1, strides: 3, pad: 'same', dataFormat: 'NDHWC' }],
];
