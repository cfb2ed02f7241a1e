import { floatOf, intOf, intsOf, paddingsOf } from '../attributes.js';
import type { Builder } from '../builder.js';
import { sameShape, sizeOf } from '../value.js';
import type { Value } from '../value.js';
import type { Rules } from './rules.js';

/** Elements are moved once: slices of slices and of pieces, pieces of one value side by side, padding of padding. */
export const movement: Rules = {
  stridedSlice: (g, x, begin, end, strides) => {
    if (x.op === 'Slice') return sliceOfSlice(g, x, begin, end, strides);
    if (x.op === 'Concat') return sliceOfConcat(g, x, begin, end, strides);
    if (x.op === 'Pad') return sliceOfPad(g, x, begin, end, strides);
    return undefined;
  },

  reverse: (g, x, axis) => (x.op === 'Reverse' && intOf(x, 'axis') === axis ? x.inputs[0] : undefined),

  concat: (g, values, axis) => {
    const nested = (value: Value): boolean => value.op === 'Concat' && intOf(value, 'axis') === axis;
    if (values.some(nested)) {
      return g.concat(
        values.flatMap((value) => (nested(value) ? value.inputs : value)),
        axis,
      );
    }
    const joined: Value[] = [];
    for (const value of values) {
      const before = joined.at(-1);
      const both = before && (adjacentSlices(g, before, value, axis) ?? adjacentBlocks(g, before, value, axis));
      if (both === undefined) joined.push(value);
      else joined.splice(-1, 1, both);
    }
    return joined.length < values.length ? g.concat(joined, axis) : undefined;
  },

  pad: (g, x, paddings, value) => {
    if (x.op !== 'Pad' || floatOf(x, 'value') !== value) return undefined;
    const inner = paddingsOf(x);
    const both = paddings.map(([before, after], i) => [before + inner[i]![0], after + inner[i]![1]] as const);
    return g.pad(x.inputs[0]!, both, value);
  },

  binary: (g, op, a, b) => {
    if (op !== 'Add') return undefined;
    return sumOfPads(g, a, b) ?? sumWithPads(g, a, b) ?? sumWithPads(g, b, a);
  },
};

function sliceOfSlice(
  g: Builder,
  x: Value,
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[],
): Value {
  const from = intsOf(x, 'begin');
  const steps = intsOf(x, 'strides');
  return g.stridedSlice(
    x.inputs[0]!,
    begin.map((at, i) => from[i]! + at * steps[i]!),
    end.map((at, i) => from[i]! + (at - 1) * steps[i]! + 1),
    strides.map((stride, i) => stride * steps[i]!),
  );
}

/** From the one piece that has it all. */
function sliceOfConcat(
  g: Builder,
  x: Value,
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[],
): Value | undefined {
  const axis = intOf(x, 'axis');
  let start = 0;
  for (const piece of x.inputs) {
    const length = piece.shape[axis]!;
    if (begin[axis]! >= start && end[axis]! <= start + length) {
      const along = (at: readonly number[]): number[] => at.with(axis, at[axis]! - start);
      return g.stridedSlice(piece, along(begin), along(end), strides);
    }
    start += length;
  }
  return undefined;
}

/** Where nothing of the padding is left. */
function sliceOfPad(
  g: Builder,
  x: Value,
  begin: readonly number[],
  end: readonly number[],
  strides: readonly number[],
): Value | undefined {
  const source = x.inputs[0]!;
  const before = paddingsOf(x).map(([padding]) => padding);
  const from = begin.map((at, i) => at - before[i]!);
  const to = end.map((at, i) => at - before[i]!);
  const inside = source.shape.every((length, i) => from[i]! >= 0 && to[i]! <= length);
  return inside ? g.stridedSlice(source, from, to, strides) : undefined;
}

function adjacentSlices(g: Builder, a: Value, b: Value, axis: number): Value | undefined {
  if (a.op !== 'Slice' || b.op !== 'Slice' || a.inputs[0] !== b.inputs[0]) return undefined;
  const strides = intsOf(a, 'strides');
  const [begin, end] = [intsOf(a, 'begin'), intsOf(a, 'end')];
  const [nextBegin, nextEnd] = [intsOf(b, 'begin'), intsOf(b, 'end')];
  if (strides[axis] !== 1 || !sameShape(strides, intsOf(b, 'strides')) || end[axis] !== nextBegin[axis])
    return undefined;
  if (begin.some((at, i) => i !== axis && (at !== nextBegin[i] || end[i] !== nextEnd[i]))) return undefined;
  return g.stridedSlice(a.inputs[0]!, begin, end.with(axis, nextEnd[axis]!), strides);
}

/** Slices that stand one after the other in memory, reshaped: steps of a sequence, as matrices below each other. */
function adjacentBlocks(g: Builder, a: Value, b: Value, axis: number): Value | undefined {
  if (a.op !== 'Reshape' || b.op !== 'Reshape' || sizeOf(a.shape.slice(0, axis)) !== 1) return undefined;
  const [first, second] = [a.inputs[0]!, b.inputs[0]!];
  if (first.op !== 'Slice' || second.op !== 'Slice' || first.inputs[0] !== second.inputs[0]) return undefined;
  const next = intsOf(second, 'begin');
  const along = intsOf(first, 'begin').findIndex((at, i) => at !== next[i]);
  if (along < 0 || sizeOf(first.shape.slice(0, along)) !== 1) return undefined;
  const both = adjacentSlices(g, first, second, along);
  return both && g.reshape(both, a.shape.with(axis, a.shape[axis]! + b.shape[axis]!));
}

/** Pieces next to each other, each padded with zeros to the whole (gradients of slices): put side by side first. */
function sumOfPads(g: Builder, a: Value, b: Value): Value | undefined {
  if (a.op !== 'Pad' || b.op !== 'Pad' || !sameShape(a.shape, b.shape)) return undefined;
  if (floatOf(a, 'value') !== 0 || floatOf(b, 'value') !== 0) return undefined;
  const [ofA, ofB] = [paddingsOf(a), paddingsOf(b)];
  const differing = ofA.flatMap(([before, after], i) => (before !== ofB[i]![0] || after !== ofB[i]![1] ? [i] : []));
  const [axis] = differing;
  if (axis === undefined || differing.length > 1) return undefined;
  const aIsFirst = ofA[axis]![0] < ofB[axis]![0];
  const [first, second] = aIsFirst ? [a, b] : [b, a];
  const [ofFirst, ofSecond] = aIsFirst ? [ofA, ofB] : [ofB, ofA];
  if (ofFirst[axis]![0] + first.inputs[0]!.shape[axis]! !== ofSecond[axis]![0]) return undefined;
  const paddings = ofFirst.with(axis, [ofFirst[axis]![0], ofSecond[axis]![1]]);
  return g.pad(g.concat([first.inputs[0]!, second.inputs[0]!], axis), paddings);
}

/** The same where one of them is a term of a sum. */
function sumWithPads(g: Builder, sum: Value, pad: Value): Value | undefined {
  if (sum.op !== 'Add' || pad.op !== 'Pad') return undefined;
  const [a, b] = sum.inputs as [Value, Value];
  const withB = sumOfPads(g, b, pad);
  if (withB !== undefined) return g.add(a, withB);
  const withA = sumOfPads(g, a, pad);
  return withA && g.add(b, withA);
}
