import type { Builder } from '../builder.js';
import { inverse, movesOnlyUnits, permutationOf } from '../permutation.js';
import { broadcastShape, ofRank, sameShape, sizeOf } from '../value.js';
import type { Value } from '../value.js';
import type { Rules } from './rules.js';

/**
 * Transposition sinks towards the outputs until it meets its inverse: TensorFlow.js has channels last, ONNX has them
 * first, and between the layers of a network nothing is transposed any more. (Measured without: a step of a
 * convolutional network 7.7 ms instead of 5.7, although ONNX Runtime has an optimizer of transpositions too.)
 */
export const lazyLayout: Rules = {
  unary: (g, op, x, options) =>
    x.op === 'Transpose' ? g.transpose(g.unary(op, x.inputs[0]!, options), permutationOf(x)) : undefined,

  binary: (g, op, a, b, dtype) => {
    const shape = broadcastShape(a.shape, b.shape);
    return inLayoutOf(g, [a, b], shape, ([x, y]) => g.binary(op, x!, y!, dtype));
  },

  where: (g, condition, a, b) => {
    const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
    return inLayoutOf(g, [condition, a, b], shape, ([test, x, y]) => g.where(test!, x!, y!));
  },

  reduce: (g, op, x, axes) => {
    if (x.op !== 'Transpose') return undefined;
    const permutation = permutationOf(x);
    const reduced = axes.map((axis) => permutation[axis]!);
    return g.transpose(g.reduce(op, x.inputs[0]!, reduced, true), permutation);
  },

  matmul: (g, a, b, transposeA, transposeB) => {
    const [swapsA, swapsB] = [swapsLastAxes(a), swapsLastAxes(b)];
    if (!swapsA && !swapsB) return undefined;
    return g.matmul(
      swapsA ? a.inputs[0]! : a,
      swapsB ? b.inputs[0]! : b,
      swapsA ? !transposeA : transposeA,
      swapsB ? !transposeB : transposeB,
    );
  },

  transpose: (g, x, permutation) => {
    if (x.op === 'Transpose') {
      const first = permutationOf(x);
      return g.transpose(
        x.inputs[0]!,
        permutation.map((axis) => first[axis]!),
      );
    }
    if (!movesOnlyUnits(x.shape, permutation)) return undefined;
    return g.reshape(
      x,
      permutation.map((axis) => x.shape[axis]!),
    );
  },

  reshape: (g, x, shape) => (x.op === 'Transpose' ? unitsAround(g, x, shape) : undefined),

  concat: (g, values, axis) => {
    const [first] = values.filter(({ op }) => op === 'Transpose');
    if (first === undefined) return undefined;
    const permutation = permutationOf(first);
    const back = inverse(permutation);
    if (!values.every((value) => isFree(g, value, back))) return undefined;
    return g.transpose(
      g.concat(
        values.map((value) => g.transpose(value, back)),
        permutation[axis]!,
      ),
      permutation,
    );
  },

  pad: (g, x, paddings, value) => {
    if (x.op !== 'Transpose') return undefined;
    const permutation = permutationOf(x);
    const inner = inverse(permutation).map((axis) => paddings[axis]!);
    return g.transpose(g.pad(x.inputs[0]!, inner, value), permutation);
  },
};

/** An elementwise operation in the layout from which a full-size argument is transposed, if the others follow cheaply. */
function inLayoutOf(
  g: Builder,
  values: readonly Value[],
  shape: readonly number[],
  operation: (values: readonly Value[]) => Value,
): Value | undefined {
  const transposed = values.find((value) => value.op === 'Transpose' && sameShape(value.shape, shape));
  if (transposed === undefined) return undefined;
  const permutation = permutationOf(transposed);
  const back = inverse(permutation);
  // what is small beside the result is cheaper to transpose than the result
  const follows = (value: Value): boolean =>
    value.size * 4 < sizeOf(shape) || (value.shape.length === shape.length && isFree(g, value, back));
  if (!values.every(follows)) return undefined;
  const inLayout = values.map((value) =>
    value.size === 1 ? g.reshape(value, []) : g.transpose(g.reshape(value, ofRank(value.shape, shape.length)), back),
  );
  return g.transpose(operation(inLayout), permutation);
}

/** Whether transposing costs nothing: it cancels, moves no element, or was done to a constant. */
function isFree(g: Builder, x: Value, permutation: readonly number[]): boolean {
  return g.transpose(x, permutation).op !== 'Transpose';
}

function swapsLastAxes(x: Value): boolean {
  if (x.op !== 'Transpose') return false;
  const permutation = permutationOf(x);
  const rank = permutation.length;
  return permutation.at(-1) === rank - 2 && permutation.slice(0, -2).every((axis, i) => axis === i);
}

/** Axes of length 1 that come or go (a convolution along one axis is one along two) change nothing in the layout. */
function unitsAround(g: Builder, x: Value, shape: readonly number[]): Value | undefined {
  const real = (lengths: readonly number[]): number[] => lengths.filter((length) => length !== 1);
  if (!sameShape(real(x.shape), real(shape))) return undefined;
  const source = x.inputs[0]!;
  const units = shape.length - real(shape).length;
  const inner = [...Array<number>(units).fill(1), ...real(source.shape)];
  const sourceAxes = source.shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  const moved = permutationOf(x)
    .filter((axis) => source.shape[axis] !== 1)
    .map((axis) => units + sourceAxes.indexOf(axis));
  let [unit, at] = [0, 0];
  const permutation = shape.map((length) => (length === 1 ? unit++ : moved[at++]!));
  return g.transpose(g.reshape(source, inner), permutation);
}
