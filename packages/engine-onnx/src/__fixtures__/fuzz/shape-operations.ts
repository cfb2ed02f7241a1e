import * as tf from '@tensorflow/tfjs-core';

import { isFloat, someAxes } from './pool.js';
import type { Item, Operation, Proposal } from './pool.js';

type Of = (draw: Parameters<Operation>[0], item: Item) => Omit<Proposal, 'inputs' | 'exact'> | undefined;

/** An operation that moves elements of any kind and computes nothing. */
function moving(of: Of, fits: (item: Item) => boolean = () => true): Operation {
  return (draw, pool) => {
    const x = pool.pick((item) => item.dtype !== 'bool' && fits(item));
    if (x === undefined) return undefined;
    const made = of(draw, pool.item(x));
    return made && { ...made, inputs: [x], exact: true };
  };
}

const reshape = moving((draw, { shape }) => {
  const size = shape.reduce((product, length) => product * length, 1);
  const divisor = draw.of([1, 2, 3, 4, 5].filter((length) => size % length === 0));
  const to = draw.of([[size], [divisor, size / divisor], [1, size, 1], [size / divisor, 1, divisor], [...shape, 1]]);
  return { name: 'reshape', options: to, run: (x) => tf.reshape(x, to) };
});

const transpose = moving((draw, { shape }) => {
  const order = draw.shuffled(shape.length);
  return { name: 'transpose', options: order, run: (x) => tf.transpose(x, order) };
});

const slice = moving((draw, { shape }) => {
  const begin = shape.map((length) => draw.int(0, Math.max(0, length - 1)));
  const size = shape.map((length, i) => Math.max(0, draw.int(length === 0 ? 0 : 1, length - begin[i]!)));
  return { name: 'slice', options: { begin, size }, run: (x) => tf.slice(x, begin, size) };
});

const stridedSlice = moving(
  (draw, { shape }) => {
    const strides = shape.map(() => draw.of([1, 1, 2, 3, -1, -2]));
    const begin = shape.map((length, i) => (strides[i]! > 0 ? draw.int(0, Math.max(0, length - 1)) : -1));
    const end = shape.map((length, i) => (strides[i]! > 0 ? length : -length - 1));
    return {
      name: 'stridedSlice',
      options: { begin, end, strides },
      run: (x) => tf.stridedSlice(x, begin, end, strides),
    };
  },
  ({ learned }) => !learned,
);

const tile = moving(
  (draw, { shape }) => {
    const reps = shape.map(() => draw.of([1, 1, 2, 3]));
    return { name: 'tile', options: reps, run: (x) => tf.tile(x, reps) };
  },
  ({ shape }) => shape.length > 0,
);

const reverse = moving(
  (draw, { shape }) => {
    const axes = someAxes(draw, shape.length);
    return { name: 'reverse', options: axes, run: (x) => tf.reverse(x, axes) };
  },
  ({ shape }) => shape.length > 0,
);

const pad = moving(
  (draw, { shape }) => {
    const paddings = shape.map((): [number, number] => [draw.int(0, 2), draw.int(0, 1)]);
    return { name: 'pad', options: paddings, run: (x) => tf.pad(x, paddings, 0) };
  },
  ({ shape }) => shape.length > 0 && shape.length < 5,
);

const mirrorPad = moving(
  (draw, { shape }) => {
    const mode = draw.of(['reflect', 'symmetric'] as const);
    const paddings = shape.map((length): [number, number] => {
      const most = mode === 'reflect' ? length - 1 : length;
      return [draw.int(0, most), draw.int(0, most)];
    });
    return { name: 'mirrorPad', options: { paddings, mode }, run: (x) => tf.mirrorPad(x, paddings, mode) };
  },
  ({ shape, learned }) => shape.length > 0 && shape.length < 4 && !learned && !shape.includes(0),
);

const expandDims = moving(
  (draw, { shape }) => {
    const axis = draw.int(-1, shape.length);
    return { name: 'expandDims', options: axis, run: (x) => tf.expandDims(x, axis) };
  },
  ({ shape }) => shape.length < 4,
);

const squeeze = moving(() => ({ name: 'squeeze', run: (x) => tf.squeeze(x) }));

const broadcastTo = moving(
  (draw, { shape }) => {
    const to = [draw.of([1, 2, 3]), ...shape.map((length) => (length === 1 ? draw.of([1, 2, 4]) : length))];
    return { name: 'broadcastTo', options: to, run: (x) => tf.broadcastTo(x, to) };
  },
  ({ shape, dtype }) => shape.length < 4 && dtype === 'float32',
);

const split = moving(
  (draw, { shape }) => {
    const axis = draw.int(0, shape.length - 1);
    const length = shape[axis]!;
    const first = draw.int(0, length);
    const sizes = draw.int(0, 1) === 0 && length > 0 ? length : [first, length - first];
    return { name: 'split', options: { sizes, axis }, run: (x) => tf.split(x, sizes, axis) };
  },
  ({ shape }) => shape.length > 0,
);

const unstack = moving(
  (draw, { shape }) => {
    const axis = draw.int(0, shape.length - 1);
    return { name: 'unstack', options: axis, run: (x) => tf.unstack(x, axis).slice(0, 3) };
  },
  ({ shape }) => shape.length > 0 && !shape.includes(0),
);

const gather = moving(
  (draw, { shape }) => {
    const axis = draw.int(0, shape.length - 1);
    const indices = Array.from({ length: draw.int(1, 5) }, () => draw.int(0, shape[axis]! - 1));
    return {
      name: 'gather',
      options: { indices, axis },
      run: (x) => tf.gather(x, tf.tensor1d(indices, 'int32'), axis),
    };
  },
  ({ shape }) => shape.length > 0 && !shape.includes(0),
);

/** Indices that are themselves computed. */
const gatherBy: Operation = (draw, pool) => {
  const x = pool.pick((item) => isFloat(item) && item.shape.length > 0 && !item.shape.includes(0));
  if (x === undefined) return undefined;
  const indices = pool.pick(({ dtype, shape }) => dtype === 'int32' && shape.length < 3);
  if (indices === undefined) return undefined;
  const axis = draw.int(0, pool.item(x).shape.length - 1);
  const last = pool.item(x).shape[axis]! - 1;
  return {
    name: 'gather(clipped)',
    inputs: [x, indices],
    options: { axis },
    run: (data, at) => tf.gather(data, tf.cast(tf.clipByValue(at, 0, last), 'int32'), axis),
    exact: true,
  };
};

const gatherND = moving(
  (draw, { shape }) => {
    const depth = draw.int(1, Math.min(3, shape.length));
    const indices = Array.from({ length: draw.int(1, 4) }, () =>
      Array.from({ length: depth }, (_, i) => draw.int(0, shape[i]! - 1)),
    );
    return {
      name: 'gatherND',
      options: indices,
      run: (x) => tf.gatherND(x, tf.tensor2d(indices, undefined, 'int32')),
    };
  },
  ({ shape, learned, dtype }) => shape.length > 0 && !shape.includes(0) && !learned && dtype === 'float32',
);

const scatterND = moving(
  (draw, { shape }) => {
    const rows = shape[0]! + draw.int(1, 4);
    const indices = Array.from({ length: shape[0]! }, () => [draw.int(0, rows - 1)]);
    return {
      name: 'scatterND',
      options: { indices, rows },
      run: (x) => tf.scatterND(tf.tensor2d(indices, undefined, 'int32'), x, [rows, ...shape.slice(1)]),
    };
  },
  ({ shape, learned, dtype }) => shape.length > 0 && !shape.includes(0) && !learned && dtype === 'float32',
);

const spaceToBatch = moving(
  (_, { shape }) => {
    const crops = [0, shape[1]! % 2];
    return {
      name: 'spaceToBatchND',
      options: crops,
      run: (x) => tf.spaceToBatchND(x, [2], [crops]),
    };
  },
  ({ shape, dtype }) => shape.length === 3 && dtype === 'float32' && !shape.includes(0),
);

function joining(name: string, join: (tensors: tf.Tensor[], axis: number) => tf.Tensor): Operation {
  return (draw, pool) => {
    const first = pool.pick(({ dtype, shape }) => dtype !== 'bool' && shape.length > 0 && shape.length < 4);
    if (first === undefined) return undefined;
    const { shape, dtype } = pool.item(first);
    const axis = draw.int(0, shape.length - 1);
    const fits = (item: Item): boolean =>
      item.dtype === dtype &&
      item.shape.length === shape.length &&
      item.shape.every((length, i) => (i === axis && name === 'concat') || length === shape[i]);
    const inputs = draw.int(0, 1) === 0 ? [first] : [];
    for (let i = draw.int(1, 3); i > 0; i--) inputs.push(pool.pick(fits)!);
    return { name, inputs, options: { axis }, run: (...tensors) => join(tensors, axis), exact: true };
  };
}

export const shapeOperations: readonly Operation[] = [
  reshape,
  transpose,
  slice,
  stridedSlice,
  tile,
  reverse,
  pad,
  mirrorPad,
  expandDims,
  squeeze,
  broadcastTo,
  split,
  unstack,
  gather,
  gatherBy,
  gatherND,
  scatterND,
  spaceToBatch,
  joining('concat', (tensors, axis) => tf.concat(tensors, axis)),
  joining('stack', (tensors, axis) => tf.stack(tensors, axis)),
];
