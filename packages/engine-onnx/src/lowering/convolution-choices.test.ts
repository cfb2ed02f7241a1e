import { Graph } from '../graph/graph.js';
import type { Node, Value } from '../graph/value.js';
import { nodesBelow } from '../graph/walk.js';
import { fastestConvolutions } from './convolution-choices.js';
import type { ConvolutionChoices } from './convolution-choices.js';
import { convolutionLowerings } from './convolution.js';

interface Shapes {
  /** [batch, height, width, channels]. */
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly strides?: number;
}

/** What stands in the graph of a gradient. */
function nodes(gradient: 'input' | 'filter', { x, filter, strides = 1 }: Shapes, choices: ConvolutionChoices): Node[] {
  const g = new Graph();
  const [batch, height, width] = x;
  const dy = g.input('dy', [batch, Math.ceil(height / strides), Math.ceil(width / strides), filter[3]], 'float32');
  const attributes = { strides, pad: 'same', dataFormat: 'NHWC', inputShape: x, filterShape: filter };
  const inputs = { dy, x: g.input('x', x, 'float32'), filter: g.input('filter', filter, 'float32') };
  const kernel = gradient === 'input' ? 'Conv2DBackpropInput' : 'Conv2DBackpropFilter';
  const value = convolutionLowerings(choices)[kernel]!(g, inputs, attributes);
  return [...nodesBelow([value as Value])];
}

/** How often each operation stands there. */
function operations(...of: Parameters<typeof nodes>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of nodes(...of)) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

/** The shape of what is cut out of x for one place of the window. */
function cut(...of: Parameters<typeof nodes>): readonly number[] {
  return nodes(...of).find(({ op }) => op === 'Slice')!.outputs[0]!.shape;
}

describe('an input gradient', () => {
  test.each<[string, Shapes, 'Conv' | 'ConvTranspose']>([
    ['as many channels in as out', { x: [2, 8, 8, 4], filter: [3, 3, 4, 4] }, 'Conv'],
    ['more channels in', { x: [2, 8, 8, 5], filter: [3, 3, 5, 4] }, 'Conv'],
    ['more channels out', { x: [2, 8, 8, 4], filter: [3, 3, 4, 5] }, 'ConvTranspose'],
    ['more channels out of a 1x1 filter', { x: [2, 8, 8, 4], filter: [1, 1, 4, 5] }, 'Conv'],
    ['a stride', { x: [2, 8, 8, 5], filter: [3, 3, 5, 4], strides: 2 }, 'ConvTranspose'],
  ])('of %s', (_, shapes, op) => {
    expect(operations('input', shapes, fastestConvolutions)).toHaveProperty(op, 1);
    const plain = { ...fastestConvolutions, flippedInputGradient: false };
    expect(operations('input', shapes, plain)).toHaveProperty('ConvTranspose', 1);
  });
});

describe('a filter gradient', () => {
  const few: Shapes = { x: [2, 8, 8, 7], filter: [3, 3, 7, 4] };
  const pointwise: Shapes = { x: [2, 8, 8, 4], filter: [1, 1, 4, 5] };
  const wide: Shapes = { x: [2, 8, 8, 32], filter: [3, 3, 32, 4] };
  const short: Shapes = { x: [2, 8, 8, 9], filter: [3, 3, 9, 4] };
  const long: Shapes = { x: [2, 8, 28, 9], filter: [3, 3, 9, 4] };

  test('of less than 8 channels is one product, or one for each place', () => {
    expect(operations('filter', few, fastestConvolutions)).toHaveProperty('Gemm', 1);
    const plain = { ...fastestConvolutions, concatenatedFilterGradient: false };
    expect(operations('filter', few, plain)).toHaveProperty('Gemm', 9);
  });

  test('of a 1x1 filter is a product for each image without transpositions of them, or one of all', () => {
    const own = operations('filter', pointwise, { ...fastestConvolutions, pointwiseFilterGradient: true });
    expect(own).toMatchObject({ ReduceSum: 1, FusedMatMul: 1 });
    const plain = operations('filter', pointwise, { ...fastestConvolutions, pointwiseFilterGradient: false });
    expect(plain).toMatchObject({ Gemm: 1 });
    expect(plain).not.toHaveProperty('ReduceSum');
  });

  test('of short rows, or with a stride, is cut from channels-last values, if it may', () => {
    const strided: Shapes = { ...long, strides: 2 };
    const onOneThread = { ...fastestConvolutions, fewChannelsOutermost: false };
    expect(cut('filter', short, onOneThread)).toEqual([2, 8, 8, 9]);
    expect(cut('filter', strided, onOneThread)).toEqual([2, 4, 14, 9]);
    expect(cut('filter', short, fastestConvolutions)).toEqual([9, 2, 8, 8]);
    expect(cut('filter', wide, fastestConvolutions)).toEqual([2, 8, 8, 32]);
    const plain = { ...fastestConvolutions, channelsLastFilterGradient: false };
    expect(cut('filter', wide, plain)).toEqual([32, 2, 8, 8]);
  });

  test('of long rows is cut along them', () => {
    expect(cut('filter', long, fastestConvolutions)).toEqual([9, 2, 8, 28]);
  });
});
