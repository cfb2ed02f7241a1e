import * as tf from '@tensorflow/tfjs-core';

import { isFixed, isFloat, someAxes } from './pool.js';
import type { Item, Operation } from './pool.js';

const reductions: Readonly<
  Record<string, readonly [(x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor, empty: boolean]>
> = {
  sum: [tf.sum, true],
  mean: [tf.mean, false],
  max: [tf.max, false],
  min: [tf.min, false],
  logSumExp: [tf.logSumExp, false],
  prod: [(x, axes, keep) => tf.prod(tf.tanh(x), axes, keep), false],
  norm: [(x, axes, keep) => tf.sqrt(tf.add(tf.sum(tf.square(x), axes, keep), 0.1)), true],
  variance: [(x, axes, keep) => tf.moments(x, axes, keep).variance, false],
};

const reduce: Operation = (draw, pool) => {
  const [name, [run, empty]] = draw.of(Object.entries(reductions));
  const x = pool.pick((item) => isFloat(item) && (empty || !item.shape.includes(0)));
  if (x === undefined) return undefined;
  const axes = someAxes(draw, pool.item(x).shape.length);
  const keep = draw.int(0, 1) === 0;
  const chooses = name === 'max' || name === 'min';
  return { name, inputs: [x], options: { axes, keep }, run: (tensor) => run(tensor, axes, keep), chooses };
};

/** Of whole numbers and truth values, and where the largest stands. */
const choose: Operation = (draw, pool) => {
  const fits = (item: Item): boolean => isFixed(item) && item.shape.length > 0 && !item.shape.includes(0);
  const [name, dtype, run] = draw.of<readonly [string, tf.DataType, (x: tf.Tensor, axis: number) => tf.Tensor]>([
    ['argMax', 'float32', tf.argMax],
    ['argMin', 'float32', tf.argMin],
    ['topk', 'float32', (x) => tf.topk(x, 1).values],
    ['any', 'bool', tf.any],
    ['all', 'bool', tf.all],
    ['sumInt', 'int32', tf.sum],
    ['maxInt', 'int32', tf.max],
    ['oneHot', 'int32', (x) => tf.oneHot(tf.cast(tf.clipByValue(x, 0, 3), 'int32'), 4)],
    ['meanInt', 'int32', tf.mean],
  ]);
  const x = pool.pick((item) => fits(item) && item.dtype === dtype);
  if (x === undefined) return undefined;
  const axis = draw.int(0, pool.item(x).shape.length - 1);
  return { name, inputs: [x], options: { axis }, run: (tensor) => run(tensor, axis), exact: name !== 'meanInt' };
};

const cumulate: Operation = (draw, pool) => {
  const x = pool.pick((item) => isFloat(item) && item.shape.length > 0);
  if (x === undefined) return undefined;
  const axis = draw.int(0, pool.item(x).shape.length - 1);
  const [exclusive, reverse] = [draw.int(0, 1) === 0, draw.int(0, 1) === 0];
  return {
    name: 'cumsum',
    inputs: [x],
    options: { axis, exclusive, reverse },
    run: (tensor) => tf.cumsum(tensor, axis, exclusive, reverse),
  };
};

const matMul: Operation = (draw, pool) => {
  const [transposeA, transposeB] = [draw.int(0, 1) === 0, draw.int(0, 1) === 0];
  const a = pool.pick((item) => isFloat(item) && item.shape.length >= 2);
  if (a === undefined) return undefined;
  const of = pool.item(a).shape;
  const inner = of.at(transposeA ? -2 : -1);
  const b = pool.pick((item) => {
    const { shape } = item;
    if (!isFloat(item) || shape.length < 2 || shape.at(transposeB ? -1 : -2) !== inner) return false;
    const [left, right] = [of.slice(0, -2), shape.slice(0, -2)];
    return left.join() === right.join() || left.length === 0 || right.length === 0;
  });
  if (b === undefined) return undefined;
  return {
    name: 'matMul',
    inputs: [a, b],
    options: { transposeA, transposeB },
    run: (x, y) => tf.matMul(x, y, transposeA, transposeB),
  };
};

const einsum: Operation = (draw, pool) => {
  const a = pool.pick((item) => isFloat(item) && item.shape.length === 2 && !item.shape.includes(0));
  if (a === undefined) return undefined;
  const [n, k] = pool.item(a).shape;
  const b = pool.pick((item) => isFloat(item) && item.shape.length === 2 && item.shape[0] === k && item.shape[1]! > 0);
  const c = pool.pick((item) => isFloat(item) && item.shape.length === 2 && item.shape[0] === n && item.shape[1]! > 0);
  if (b === undefined) return { name: 'einsum ij->ji', inputs: [a], run: (x) => tf.einsum('ij->ji', x) };
  if (c === undefined || draw.int(0, 1) === 0) {
    return { name: 'einsum ij,jk->ik', inputs: [a, b], run: (x, y) => tf.einsum('ij,jk->ik', x, y) };
  }
  return { name: 'einsum ij,il->jl', inputs: [a, c], run: (x, y) => tf.einsum('ij,il->jl', x, y) };
};

const isImage = (item: Item): boolean => isFloat(item) && item.shape.length === 4 && !item.shape.includes(0);

/** A filter is a value of four axes; where it is too large, the padding makes up for it. */
const convolve: Operation = (draw, pool) => {
  const image = pool.pick(isImage);
  if (image === undefined) return undefined;
  const { shape } = pool.item(image);
  const kind = draw.of(['conv2d', 'depthwise', 'transposed']);
  const channels = kind === 'transposed' ? 3 : 2;
  const filter = pool.pick(
    (item) => isImage(item) && item.shape[channels] === shape[3] && item.shape[0]! <= 3 && item.shape[1]! <= 3,
  );
  if (filter === undefined) return undefined;
  const [height, width, , outputs] = pool.item(filter).shape as [number, number, number, number];
  const fits = height <= shape[1]! && width <= shape[2]!;
  const padding = fits ? draw.of(['same', 'valid'] as const) : 'same';
  const strides: [number, number] = [draw.int(1, 2), draw.int(1, 2)];
  const dilation = kind !== 'transposed' && strides[0] * strides[1] === 1 ? draw.int(1, 2) : 1;
  const options = { strides, padding, dilation };
  const inputs = [image, filter];
  if (kind === 'depthwise') {
    const stride: [number, number] = [strides[0], strides[0]];
    const run = (x?: tf.Tensor, f?: tf.Tensor): tf.Tensor =>
      tf.depthwiseConv2d(x as tf.Tensor4D, f as tf.Tensor4D, stride, padding, 'NHWC', dilation);
    return { name: kind, inputs, options: { ...options, strides: stride }, run };
  }
  if (kind === 'conv2d') {
    const run = (x?: tf.Tensor, f?: tf.Tensor): tf.Tensor =>
      tf.conv2d(x as tf.Tensor4D, f as tf.Tensor4D, strides, padding, 'NHWC', dilation);
    return { name: kind, inputs, options, run };
  }
  const [batch, rows, columns] = shape as [number, number, number, number];
  const to: [number, number, number, number] = [
    batch,
    rows * strides[0] + (padding === 'valid' ? Math.max(0, height - strides[0]) : 0),
    columns * strides[1] + (padding === 'valid' ? Math.max(0, width - strides[1]) : 0),
    pool.item(filter).shape[2]!,
  ];
  const run = (x?: tf.Tensor, f?: tf.Tensor): tf.Tensor =>
    tf.conv2dTranspose(x as tf.Tensor4D, f as tf.Tensor4D, to, strides, padding);
  return { name: kind, inputs, options: { ...options, to, outputs }, run };
};

const poolImage: Operation = (draw, pool) => {
  const image = pool.pick(isImage);
  if (image === undefined) return undefined;
  const { shape } = pool.item(image);
  const size: [number, number] = [draw.int(1, Math.min(3, shape[1]!)), draw.int(1, Math.min(3, shape[2]!))];
  const strides: [number, number] = [draw.int(1, 2), draw.int(1, 2)];
  const padding = draw.of(['same', 'valid'] as const);
  const [name, run] = draw.of([['maxPool', tf.maxPool] as const, ['avgPool', tf.avgPool] as const]);
  return {
    name,
    inputs: [image],
    options: { size, strides, padding },
    chooses: name === 'maxPool',
    run: (x) => run(x as tf.Tensor4D, size, strides, padding),
  };
};

const normalize: Operation = (draw, pool) => {
  const x = pool.pick((item) => isFloat(item) && item.shape.length >= 2 && !item.shape.includes(0));
  if (x === undefined) return undefined;
  const channels = pool.item(x).shape.at(-1)!;
  const scale = pool.pick(({ shape, dtype }) => dtype === 'float32' && shape.join() === `${channels}`);
  const axes = pool
    .item(x)
    .shape.slice(0, -1)
    .map((_, i) => i);
  const epsilon = draw.of([0.1, 0.25]);
  return {
    name: 'batchNorm',
    inputs: scale === undefined ? [x] : [x, scale],
    options: { epsilon },
    // tfjs's gradient fails without a scale
    run: (tensor, gamma = tf.ones([channels])) => {
      const { mean, variance } = tf.moments(tensor, axes);
      const of = [mean, variance, gamma, gamma] as [tf.Tensor1D, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      return tf.batchNorm(tensor, ...of, epsilon);
    },
  };
};

const resize: Operation = (draw, pool) => {
  const image = pool.pick(isImage);
  if (image === undefined) return undefined;
  const to: [number, number] = [draw.int(1, 5), draw.int(1, 5)];
  const align = draw.int(0, 1) === 0;
  const nearest = draw.int(0, 1) === 0;
  const run = nearest ? tf.image.resizeNearestNeighbor : tf.image.resizeBilinear;
  return {
    name: nearest ? 'resizeNearestNeighbor' : 'resizeBilinear',
    inputs: [image],
    options: { to, align },
    run: (x) => run(x as tf.Tensor4D, to, align),
  };
};

export const numericOperations: readonly Operation[] = [
  reduce,
  reduce,
  reduce,
  choose,
  choose,
  cumulate,
  matMul,
  matMul,
  matMul,
  einsum,
  convolve,
  convolve,
  poolImage,
  normalize,
  resize,
];
