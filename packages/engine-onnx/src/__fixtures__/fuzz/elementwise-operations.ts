import * as tf from '@tensorflow/tfjs-core';
import { dropout, randomNormal, randomUniform } from '@x/trainer-core';

import { broadcasts, isFixed, isFloat } from './pool.js';
import type { Item, Operation } from './pool.js';

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

/** Of one float32 tensor, everywhere differentiable but for single points, and bounded for what the pool holds. */
const smooth: Readonly<Record<string, Unary>> = {
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  exp: (x) => tf.exp(tf.clipByValue(x, -4, 2)),
  softplus: tf.softplus,
  elu: tf.elu,
  selu: tf.selu,
  sin: tf.sin,
  cos: tf.cos,
  atan: tf.atan,
  asinh: tf.asinh,
  erf: tf.erf,
  expm1: (x) => tf.expm1(tf.clipByValue(x, -4, 2)),
  log1p: (x) => tf.log1p(tf.abs(x)),
  sqrt: (x) => tf.sqrt(tf.add(tf.square(x), 0.5)),
  rsqrt: (x) => tf.rsqrt(tf.add(tf.square(x), 0.5)),
  reciprocal: (x) => tf.reciprocal(tf.add(tf.abs(x), 1)),
  log: (x) => tf.log(tf.add(tf.abs(x), 0.25)),
  softmax: (x) => (x.rank === 0 || x.shape.includes(0) ? tf.tanh(x) : tf.softmax(x)),
  logSoftmax: (x) => (x.rank === 0 || x.shape.includes(0) ? tf.tanh(x) : tf.logSoftmax(x)),
  leakyRelu: (x) => tf.leakyRelu(x, 0.1),
  cosh: (x) => tf.cosh(tf.tanh(x)),
  sinh: (x) => tf.sinh(tf.tanh(x)),
  acos: (x) => tf.acos(tf.mul(tf.tanh(x), 0.9)),
  asin: (x) => tf.asin(tf.mul(tf.tanh(x), 0.9)),
  atanh: (x) => tf.atanh(tf.mul(tf.tanh(x), 0.9)),
  acosh: (x) => tf.acosh(tf.add(tf.abs(x), 1.5)),
  tan: (x) => tf.tan(tf.tanh(x)),
};

const exactly: Readonly<Record<string, Unary>> = {
  relu: tf.relu,
  relu6: tf.relu6,
  abs: tf.abs,
  neg: tf.neg,
  square: tf.square,
  clip: (x) => tf.clipByValue(x, -1.25, 1.5),
  double: (x) => tf.mul(x, 2),
  less1: (x) => tf.sub(x, 1),
  from1: (x) => tf.sub(1, x),
  onesLike: (x) => tf.onesLike(x),
  identity: (x) => tf.clone(x),
};

/** With jumps: for what is the same everywhere. */
const jumping: Readonly<Record<string, Unary>> = {
  floor: tf.floor,
  ceil: tf.ceil,
  round: tf.round,
  sign: tf.sign,
  step: (x) => tf.step(x),
  isNaN: tf.isNaN,
  toInt: (x) => tf.cast(x, 'int32'),
  toBool: (x) => tf.cast(x, 'bool'),
  toFloat: (x) => tf.cast(x, 'float32'),
};

const arithmetic: Readonly<Record<string, Binary>> = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  maximum: tf.maximum,
  minimum: tf.minimum,
};

const rounding: Readonly<Record<string, Binary>> = {
  div: (a, b) => tf.div(a, tf.add(tf.abs(b), 0.5)),
  divNoNan: (a, b) => tf.divNoNan(a, b),
  squaredDifference: tf.squaredDifference,
  atan2: (a, b) => tf.atan2(a, tf.add(tf.abs(b), 0.5)),
  pow: (a, b) => tf.pow(tf.add(tf.abs(a), 0.5), tf.tanh(b)),
  prelu: (a, b) => tf.prelu(a, b),
};

const comparisons: Readonly<Record<string, Binary>> = {
  equal: tf.equal,
  notEqual: tf.notEqual,
  less: tf.less,
  lessEqual: tf.lessEqual,
  greater: tf.greater,
  greaterEqual: tf.greaterEqual,
};

const wholeNumbers: Readonly<Record<string, Binary>> = {
  addInt: tf.add,
  subInt: tf.sub,
  mulInt: (a, b) => tf.mul(a, tf.clipByValue(b, -5, 5)),
  maxInt: tf.maximum,
  minInt: tf.minimum,
  floorDiv: (a, b) => tf.floorDiv(a, tf.add(tf.abs(b), tf.scalar(1, 'int32'))),
  mod: (a, b) => tf.mod(a, tf.add(tf.abs(b), tf.scalar(1, 'int32'))),
  divInt: (a, b) => tf.div(a, tf.add(tf.abs(b), tf.scalar(1, 'int32'))),
};

const logic: Readonly<Record<string, Binary>> = {
  and: tf.logicalAnd,
  or: tf.logicalOr,
  xor: tf.logicalXor,
};

function unary(functions: Readonly<Record<string, Unary>>, fits: (item: Item) => boolean, exact: boolean): Operation {
  return (draw, pool) => {
    const x = pool.pick(fits);
    if (x === undefined) return undefined;
    const [name, run] = draw.of(Object.entries(functions));
    return { name, inputs: [x], run: run, exact };
  };
}

function binary(functions: Readonly<Record<string, Binary>>, fits: (item: Item) => boolean, exact: boolean): Operation {
  return (draw, pool) => {
    const a = pool.pick(fits);
    if (a === undefined) return undefined;
    const b = pool.pick((item) => fits(item) && broadcasts(item.shape, pool.item(a).shape))!;
    const [name, run] = draw.of(Object.entries(functions));
    const inputs = draw.int(0, 1) === 0 ? [a, b] : [b, a];
    const chooses = name === 'maximum' || name === 'minimum';
    return { name, inputs, run: run, exact, chooses };
  };
}

const where: Operation = (_, pool) => {
  const condition = pool.pick(({ dtype }) => dtype === 'bool');
  if (condition === undefined) return undefined;
  const { shape } = pool.item(condition);
  // tfjs does not broadcast an empty condition, nor what is chosen from
  const alike = (item: Item, other: readonly number[]): boolean =>
    [...item.shape, ...other].includes(0) ? item.shape.join() === other.join() : broadcasts(item.shape, other);
  const fits = (item: Item): boolean => isFloat(item) && alike(item, shape);
  const a = pool.pick(fits);
  if (a === undefined) return undefined;
  const b = pool.pick((item) => fits(item) && alike(item, pool.item(a).shape))!;
  return {
    name: 'where',
    inputs: [condition, a, b],
    run: (c, x, y) => tf.where(c, x, y),
    exact: true,
  };
};

const draws: Operation = (draw, pool) => {
  const x = pool.pick(isFloat);
  if (x === undefined) return undefined;
  const { shape } = pool.item(x);
  const of = [...shape];
  const [name, run] = draw.of<readonly [string, Unary]>([
    ['dropout', (t) => dropout(t, 0.4)],
    ['tf.dropout', (t) => tf.dropout(t, 0.25)],
    ['randomUniform', (t) => tf.mul(t, randomUniform(of, -1, 2))],
    ['randomNormal', (t) => tf.add(t, randomNormal(of, 0, 0.5))],
    ['tf.randomUniform', (t) => tf.add(t, tf.randomUniform(of, -1, 1))],
    ['tf.randomNormal', (t) => tf.mul(t, tf.randomNormal(of))],
  ]);
  return { name, inputs: [x], run: run, stand: (t) => tf.mul(t, 1.5) };
};

const addMany: Operation = (draw, pool) => {
  const first = pool.pick(isFloat);
  if (first === undefined) return undefined;
  const same = (item: Item): boolean => isFloat(item) && item.shape.join() === pool.item(first).shape.join();
  const inputs = [first, ...Array.from({ length: draw.int(1, 3) }, () => pool.pick(same)!)];
  return { name: 'addN', inputs, run: (...tensors) => tf.addN(tensors) };
};

const isWhole = ({ dtype, learned }: Item): boolean => dtype === 'int32' && !learned;

export const elementwiseOperations: readonly Operation[] = [
  unary(smooth, isFloat, false),
  unary(smooth, isFloat, false),
  unary(smooth, isFloat, false),
  unary(exactly, isFloat, true),
  unary(exactly, isFloat, true),
  unary(jumping, isFixed, true),
  binary(arithmetic, isFloat, true),
  binary(arithmetic, isFloat, true),
  binary(arithmetic, isFloat, true),
  binary(rounding, isFloat, false),
  binary(comparisons, isFixed, true),
  binary(wholeNumbers, isWhole, true),
  binary(logic, ({ dtype }) => dtype === 'bool', true),
  where,
  where,
  draws,
  addMany,
];
