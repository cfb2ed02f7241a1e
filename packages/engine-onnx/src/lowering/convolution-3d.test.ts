import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { convolution3DLowerings } from './convolution-3d.js';
import type { Lowering } from './lowering.js';

interface Case {
  /** [batch, depth, height, width, channels]. */
  readonly x: [number, number, number, number, number];
  readonly filter: [number, number, number, number, number];
  readonly strides?: number | [number, number, number];
  readonly pad?: 'same' | 'valid';
  readonly dilations?: number | [number, number, number];
}

const cases: readonly (readonly [string, Case])[] = [
  ['same', { x: [2, 4, 5, 6, 3], filter: [3, 3, 3, 3, 2] }],
  ['valid, one volume', { x: [1, 4, 5, 6, 3], filter: [2, 3, 1, 3, 2], pad: 'valid' }],
  ['stride 2', { x: [2, 4, 5, 6, 2], filter: [3, 3, 3, 2, 2], strides: 2 }],
  ['strides that differ, valid', { x: [3, 4, 7, 6, 2], filter: [2, 2, 2, 2, 3], strides: [1, 3, 2], pad: 'valid' }],
  ['a stride beyond the kernel, where tfjs pads below 0', { x: [2, 5, 6, 8, 2], filter: [1, 1, 1, 2, 3], strides: 3 }],
  ['32 channels', { x: [1, 3, 4, 3, 32], filter: [2, 2, 2, 32, 32] }],
  ['64 channels', { x: [1, 3, 3, 3, 64], filter: [2, 2, 2, 64, 32] }],
  ['8 channels', { x: [1, 3, 3, 3, 8], filter: [2, 2, 2, 8, 4] }],
];

const dilated: readonly (readonly [string, Case])[] = [
  ['dilation', { x: [2, 6, 5, 7, 2], filter: [2, 3, 2, 2, 3], dilations: [1, 2, 3], pad: 'valid' }],
];

const { Conv3D, Conv3DBackpropInputV2, Conv3DBackpropFilterV2 } = convolution3DLowerings() as Record<string, Lowering>;

function attributesOf({ strides = 1, pad = 'same', dilations = 1 }: Case) {
  return { strides, pad, dilations, dataFormat: 'NDHWC' };
}

function forwardInputs({ x, filter }: Case) {
  return { x: random(x, 1), filter: random(filter, 2) };
}

test.each([...cases, ...dilated])('Conv3D: %s', (_, entry) => {
  const [inputs, attributes] = [forwardInputs(entry), attributesOf(entry)];
  expectClose(lowered(Conv3D!, inputs, attributes), onCpu('Conv3D', inputs, attributes));
});

test.each(cases)('the gradients of %s', (_, entry) => {
  const { x, filter } = forwardInputs(entry);
  const dy = random([...onCpu('Conv3D', { x, filter }, attributesOf(entry))[0]!.shape], 3);
  const ofInput = { ...attributesOf(entry), inputShape: entry.x };
  const ofFilter = { ...attributesOf(entry), filterShape: entry.filter };
  expectClose(
    [
      ...lowered(Conv3DBackpropInputV2!, { dy, filter }, ofInput),
      ...lowered(Conv3DBackpropFilterV2!, { x, dy }, ofFilter),
    ],
    [
      ...onCpu('Conv3DBackpropInputV2', { dy, filter }, ofInput),
      ...onCpu('Conv3DBackpropFilterV2', { x, dy }, ofFilter),
    ],
  );
});
