import type { Builder, Reduction } from '../builder.js';
import { sizeOf } from '../value.js';
import type { TypedArray, Value } from '../value.js';

/** Numbers that are the same for the same seed (mulberry32). */
export class Draw {
  constructor(private state: number) {}

  /** In [0, 1). */
  number(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let hash = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    hash = (hash + Math.imul(hash ^ (hash >>> 7), 61 | hash)) ^ hash;
    return ((hash ^ (hash >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` up to and with `high`. */
  int(low: number, high: number): number {
    return low + Math.floor(this.number() * (high - low + 1));
  }

  of<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  shuffled(length: number): number[] {
    const items = Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.int(0, i);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
}

export interface Program {
  readonly outputs: readonly Value[];
  readonly feeds: Readonly<Record<string, TypedArray>>;
}

/** A program of float32 values, the same for the same seed whatever the builder makes of it. */
export function randomProgram(g: Builder, seed: number, steps = 14): Program {
  const draw = new Draw(seed);
  const lengths = draw.of([
    [1, 2, 3],
    [1, 2, 5],
    [0, 1, 2],
    [2, 3],
    [1, 1, 4],
  ]);
  const shape = (): number[] => Array.from({ length: draw.int(0, 4) }, () => draw.of(lengths));
  const feeds: Record<string, TypedArray> = {};
  const leaf = (of: readonly number[]): Value => {
    const data = Float32Array.from({ length: sizeOf(of) }, () => draw.int(-8, 8) / 4);
    const kind = draw.int(0, 9);
    if (kind < 2) return g.splat(draw.of([0, 1, -1, 2, 0.5, 3]), of);
    if (kind < 4) return g.constant(data, of, 'float32');
    const name = `in${Object.keys(feeds).length}`;
    feeds[name] = data;
    return g.input(name, of, 'float32');
  };
  const values = [leaf(shape()), leaf(shape()), leaf(shape())];
  for (let i = 0; i < steps; i++) {
    const x = draw.int(0, 3) > 0 ? values.at(-1 - draw.int(0, Math.min(3, values.length - 1)))! : draw.of(values);
    values.push(applied(g, draw, values, x, leaf));
  }
  return { outputs: [...values.slice(-2), draw.of(values)], feeds };
}

type Leaf = (shape: readonly number[]) => Value;

function applied(g: Builder, draw: Draw, values: readonly Value[], x: Value, leaf: Leaf): Value {
  const rank = x.shape.length;
  // what multiplies values again and again must not overflow
  const bounded = (value: Value): Value => g.unary('Tanh', value);
  switch (draw.int(0, 18)) {
    case 0:
      return bounded(x);
    case 1:
      return g.neg(x);
    case 2:
      return g.cast(g.cast(g.binary('Greater', x, g.scalar(0.25), 'bool'), draw.of(['int32', 'float32'])), 'float32');
    case 3:
    case 4:
    case 5: {
      const other = partner(draw, values, x, leaf);
      const op = draw.of(['Add', 'Sub', 'Mul', 'Max', 'Min', 'Add', 'Mul']);
      const [a, b] = draw.int(0, 1) === 0 ? [x, other] : [other, x];
      return g.binary(op, bounded(a), draw.int(0, 1) === 0 ? b : bounded(b));
    }
    case 6:
      return g.div(x, draw.of([g.scalar(2), g.scalar(3), g.scalar(-0.75), g.add(g.scalar(2), bounded(x))]));
    case 7: {
      const other = partner(draw, values, x, leaf);
      return g.where(g.binary('Less', other, g.scalar(0), 'bool'), x, draw.of([g.scalar(0), bounded(other)]));
    }
    case 8:
    case 9: {
      const axes = draw.shuffled(rank).slice(0, draw.int(0, rank));
      if (axes.some((axis) => x.shape[axis] === 0)) return g.sum(x, axes, draw.int(0, 1) === 0);
      const op = draw.of<Reduction>(['ReduceSum', 'ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceMin']);
      return g.reduce(op, x, axes, draw.int(0, 1) === 0);
    }
    case 10:
      return product(g, draw, x, leaf);
    case 11:
      return g.transpose(x, draw.shuffled(rank));
    case 12: {
      const without = x.shape.filter((length) => length !== 1);
      const units = [...without];
      for (let i = draw.int(0, 2); i > 0; i--) units.splice(draw.int(0, units.length), 0, 1);
      return g.reshape(x, draw.of([units, [x.size], [...x.shape].reverse(), units]));
    }
    case 13:
      if (x.size > 200) return x;
      return g.expand(x, [
        ...(draw.int(0, 1) === 0 ? [draw.of([1, 2])] : []),
        ...x.shape.map((n) => (n === 1 ? 2 : n)),
      ]);
    case 14: {
      const begin = x.shape.map((length) => draw.int(0, Math.max(0, length - 1)));
      const end = x.shape.map((length, i) =>
        draw.int(Math.min(length, begin[i]! + (draw.int(0, 9) === 0 ? 0 : 1)), length),
      );
      const strides = x.shape.map(() => draw.of([1, 1, 1, 2]));
      return g.stridedSlice(x, begin, end, strides);
    }
    case 15:
      return pieces(g, draw, x, leaf);
    case 16:
      if (x.size > 200) return x;
      return g.pad(
        x,
        x.shape.map(() => [draw.int(0, 1), draw.int(0, 1)] as const),
        draw.of([0, 0, 0.5]),
      );
    case 17:
      return gates(g, draw, x);
    default:
      return rank === 0 ? x : g.reverse(x, draw.int(0, rank - 1));
  }
}

/** Something that broadcasts with x. */
function partner(draw: Draw, values: readonly Value[], x: Value, leaf: Leaf): Value {
  const fits = values.filter(({ shape }) => {
    const shorter = Math.min(shape.length, x.shape.length);
    return Array.from({ length: shorter }, (_, i) => [shape.at(-1 - i)!, x.shape.at(-1 - i)!]).every(
      ([a, b]) => a === b || a === 1 || b === 1,
    );
  });
  const small = fits.filter(({ size }) => size * x.size < 3000);
  if (small.length > 0 && draw.int(0, 2) > 0) return draw.of(small);
  const shape = x.shape.map((length) => (draw.int(0, 1) === 0 ? 1 : length));
  return leaf(draw.int(0, 2) === 0 ? [] : shape.slice(draw.int(0, shape.length)));
}

function product(g: Builder, draw: Draw, x: Value, leaf: Leaf): Value {
  if (x.shape.length < 2) return g.mul(x, leaf([]));
  const a = g.unary('Tanh', x);
  const [transposeA, transposeB] = [draw.int(0, 1) === 0, draw.int(0, 1) === 0];
  const k = a.shape.at(transposeA ? -2 : -1)!;
  const n = draw.int(1, 3);
  const batch = draw.of([[], a.shape.slice(0, -2), a.shape.slice(0, -2).map(() => 1)]);
  const matrix = leaf([...batch, ...(transposeB ? [n, k] : [k, n])]);
  const b = draw.int(0, 2) === 0 ? g.expand(matrix, [...a.shape.slice(0, -2), ...matrix.shape.slice(-2)]) : matrix;
  return g.matmul(a, b, transposeA, transposeB);
}

/** Slices put together again, or x beside something else, or the gradient of slices. */
function pieces(g: Builder, draw: Draw, x: Value, leaf: Leaf): Value {
  if (x.shape.length === 0 || x.size > 400) return x;
  const axis = draw.int(0, x.shape.length - 1);
  const length = x.shape[axis]!;
  const at = draw.int(0, length);
  const zeros = x.shape.map(() => 0);
  const first = g.slice(x, zeros, x.shape.with(axis, at));
  const second = g.slice(x, zeros.with(axis, at), x.shape.with(axis, length - at));
  const padding = (before: number, after: number): [number, number][] =>
    x.shape.map((_, i) => (i === axis ? [before, after] : [0, 0]));
  switch (draw.int(0, 3)) {
    case 0:
      return g.concat([first, second], axis);
    case 1:
      return g.concat([second, g.unary('Tanh', x), first], axis);
    case 2:
      return g.add(g.pad(first, padding(0, length - at)), g.pad(second, padding(at, 0)));
    default:
      return g.concat([x, leaf(x.shape.with(axis, 2))], axis);
  }
}

/** Bounded pieces of a value beside each other, as recurrent layers have them, and whether they are within the bounds. */
function gates(g: Builder, draw: Draw, x: Value): Value {
  const axis = x.shape.findIndex((length) => length > 1);
  if (axis < 0) return x;
  const middle = draw.int(1, x.shape[axis]! - 1);
  const piece = (from: number, to: number): Value => {
    const cut = g.slice(
      x,
      x.shape.map((_, i) => (i === axis ? from : 0)),
      x.shape.with(axis, to - from),
    );
    const is = (op: string, bound: number): Value => g.binary(op, cut, g.scalar(bound), 'bool');
    const within = g.binary('And', is('GreaterOrEqual', -0.5), is('LessOrEqual', 0.5), 'bool');
    const clipped = g.binary('Min', g.binary('Max', cut, g.scalar(-0.5)), g.scalar(0.5));
    return g.where(within, g.mul(clipped, g.scalar(0.25)), clipped);
  };
  return g.concat([piece(0, middle), piece(middle, x.shape[axis]!)], axis);
}
