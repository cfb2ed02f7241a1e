import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { InferenceSession, Tensor } from 'onnxruntime-node';

import { Graph } from '../graph/graph.js';
import type { DType, TypedArray, Value } from '../graph/value.js';
import { emit } from './emit.js';
import type { NamedValue } from './emit.js';
import { encodeModel } from './model.js';
import type { Model } from './model.js';

type Fed = readonly [dtype: DType, data: TypedArray, shape: readonly number[]];

interface Computed {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

function named(outputs: Readonly<Record<string, Value>>): NamedValue[] {
  return Object.entries(outputs).map(([name, value]) => ({ name, value }));
}

/** What ONNX Runtime's public interface makes of the outputs. */
async function compute(
  outputs: Readonly<Record<string, Value>>,
  inputs: Readonly<Record<string, Fed>> = {},
): Promise<Record<string, Computed>> {
  const session = await InferenceSession.create(encodeModel(emit(named(outputs))), { logSeverityLevel: 3 });
  try {
    const feeds = Object.entries(inputs).map(([name, [dtype, data, shape]]) => [
      name,
      new Tensor(dtype as 'float32', data as Float32Array, shape),
    ]);
    const results = await session.run(Object.fromEntries(feeds) as InferenceSession.FeedsType);
    return Object.fromEntries(
      Object.entries(results).map(([name, { type, dims, data }]) => [
        name,
        { type, dims: [...dims], data: Array.from(data as TypedArray, Number) },
      ]),
    );
  } finally {
    await session.release();
  }
}

const sixteen: Fed = ['float32', Float32Array.from({ length: 6 }, (_, i) => i + 1), [2, 3]];

function opsOf({ nodes }: Model): string[] {
  return nodes.map(({ op }) => op);
}

it('shapes, axes and the like are inputs in ONNX', async () => {
  const g = new Graph();
  const x = g.input('x', [2, 3], 'float32');
  const results = await compute(
    {
      reshaped: g.reshape(x, [3, 2]),
      expanded: g.expand(x, [2, 2, 3]),
      sliced: g.slice(x, [0, 1], [2, 2]),
      strided: g.stridedSlice(x, [1, 0], [2, 3], [1, 2]),
      empty: g.slice(x, [0, 3], [2, 0]),
      reversed: g.reverse(x, 1),
      padded: g.pad(
        x,
        [
          [0, 1],
          [1, -2],
        ],
        7,
      ),
      sum: g.reduce('ReduceSum', x, [0], false),
      max: g.reduce('ReduceMax', x, [1], true),
      min: g.reduce('ReduceMin', x, [0, 1], false),
      product: g.reduce('ReduceProd', x, [-1], false),
    },
    { x: sixteen },
  );
  const float = (dims: number[], data: number[]): Computed => ({ type: 'float32', dims, data });
  expect(results).toEqual({
    reshaped: float([3, 2], [1, 2, 3, 4, 5, 6]),
    expanded: float([2, 2, 3], [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]),
    sliced: float([2, 2], [2, 3, 5, 6]),
    strided: float([1, 2], [4, 6]),
    empty: float([2, 0], []),
    reversed: float([2, 3], [3, 2, 1, 6, 5, 4]),
    padded: float([3, 2], [7, 1, 7, 4, 7, 7]),
    sum: float([3], [5, 7, 9]),
    max: float([2, 1], [3, 6]),
    min: float([], [1]),
    product: float([2], [6, 120]),
  });
});

it('every type goes in, out, and into constants and splats', async () => {
  const g = new Graph();
  const x = g.input('x', [2, 3], 'float32');
  const signed = g.input('i', [2], 'int32');
  const results = await compute(
    {
      float: g.constant(Float32Array.of(-0.5, Infinity), [2], 'float32'),
      int: g.add(signed, g.splat(3, [2], 'int32')),
      padded: g.pad(signed, [[1, 0]], -1),
      long: g.constant(BigInt64Array.of(-1n, 2n ** 40n), [2], 'int64'),
      unsigned: g.constant(Uint32Array.of(1, 2 ** 32 - 1), [2], 'uint32'),
      truth: g.constant(Uint8Array.of(1, 0), [2], 'bool'),
      truncated: g.cast(g.mul(x, g.scalar(-0.5)), 'int32'),
      nonzero: g.cast(g.sub(x, g.scalar(3)), 'bool'),
    },
    { x: sixteen, i: ['int32', Int32Array.of(-5, 5), [2]] },
  );
  expect(results).toEqual({
    float: { type: 'float32', dims: [2], data: [-0.5, Infinity] },
    int: { type: 'int32', dims: [2], data: [-2, 8] },
    padded: { type: 'int32', dims: [3], data: [-1, -5, 5] },
    long: { type: 'int64', dims: [2], data: [-1, 2 ** 40] },
    unsigned: { type: 'uint32', dims: [2], data: [1, 2 ** 32 - 1] },
    truth: { type: 'bool', dims: [2], data: [1, 0] },
    truncated: { type: 'int32', dims: [2, 3], data: [0, -1, -1, -2, -2, -3] },
    nonzero: { type: 'bool', dims: [2, 3], data: [1, 1, 0, 1, 1, 1] },
  });
});

it('an output is the result of its node; only what has a name already takes a node more', async () => {
  const g = new Graph();
  const x = g.input('x', [2], 'float32');
  const sum = g.add(x, x);
  const outputs = { sum, twice: sum, square: g.mul(sum, sum), same: x, three: g.splat(3, [2]) };
  expect(opsOf(emit(named({ sum, square: outputs.square })))).toEqual(['Add', 'Mul']);
  const model = emit(named(outputs));
  expect(model.nodes.map(({ name }) => name).sort()).toEqual(
    ['Add_1', 'Identity_same', 'Identity_three', 'Identity_twice', 'Mul_2'].sort(),
  );
  const float = (data: number[]): Computed => ({ type: 'float32', dims: [2], data });
  expect(await compute(outputs, { x: ['float32', Float32Array.of(1, 2), [2]] })).toEqual({
    sum: float([2, 4]),
    twice: float([2, 4]),
    square: float([4, 16]),
    same: float([1, 2]),
    three: float([3, 3]),
  });
});

it('a node with several outputs has a name for each, whichever leave', async () => {
  const g = new Graph();
  const x = g.input('x', [2, 3], 'float32');
  const k = g.constant(BigInt64Array.of(2n), [1], 'int64');
  const types = [{ shape: [2, 2], dtype: 'float32' } as const, { shape: [2, 2], dtype: 'int64' } as const];
  const [values, indices] = g.node('TopK', [x, k], { axis: 1 }, types);
  const results = await compute({ places: g.cast(indices!, 'int32'), values: values! }, { x: sixteen });
  expect(results).toEqual({
    places: { type: 'int32', dims: [2, 2], data: [2, 1, 2, 1] },
    values: { type: 'float32', dims: [2, 2], data: [3, 2, 6, 5] },
  });
});

it.each<[DType, number]>([
  ['float32', -0.25],
  ['int32', -7],
  ['uint32', 2 ** 32 - 1],
  ['int64', -9],
  ['bool', 1],
])('a large splat of %s is one number in the model', async (dtype, value) => {
  const g = new Graph();
  const shape = [50, 100];
  const splat = g.splat(value, shape, dtype);
  const model = emit(named({ splat }));
  expect(model.constants.map(({ data }) => data.length).sort()).toEqual([1, 2]);
  expect(encodeModel(model).length).toBeLessThan(300);
  const { splat: result } = await compute({ splat });
  expect(result).toEqual({ type: dtype, dims: shape, data: new Array(5000).fill(value) });
});

it('a small splat is stored, a list that several nodes take is stored once', () => {
  const g = new Graph();
  const [x, y] = [g.input('x', [6], 'float32'), g.input('y', [6], 'float32')];
  const reshaped = [x, y].map((value) => g.op('Reshape', [value], { shape: [2, 3] }, [2, 3]));
  const joined = g.op('Concat', [...reshaped, g.splat(2, [2, 3])], { axis: 0 }, [6, 3]);
  const { constants } = emit(named({ joined }));
  expect(constants.map(({ dtype, shape, data }) => ({ dtype, shape, data: Array.from(data, Number) }))).toEqual([
    { dtype: 'int64', shape: [2], data: [2, 3] },
    { dtype: 'float32', shape: [2, 3], data: [2, 2, 2, 2, 2, 2] },
  ]);
});

it('0 and -0 are two numbers', async () => {
  const g = new Graph();
  const x = g.input('x', [0], 'float32');
  const padded = (value: number): Value => g.pad(x, [[1, 0]], value);
  const feeds: Record<string, Fed> = { x: ['float32', new Float32Array(0), [0]] };
  const { zero, minus } = await compute({ zero: padded(0), minus: padded(-0) }, feeds);
  expect([zero!.data, minus!.data]).toEqual([[0], [-0]]);
});

it('inputs are those that the outputs depend on', () => {
  const g = new Graph();
  g.input('unused', [2], 'float32');
  const y = g.neg(g.input('x', [2], 'float32'));
  expect(emit(named({ y: g.neg(y) })).inputs.map(({ name }) => name)).toEqual(['x']);
});

it('a name that is taken, or could be one of our own, is refused', () => {
  const g = new Graph();
  const y = g.neg(g.input('x', [2], 'float32'));
  expect(() => emit(named({ x: y }))).toThrow('"x" is the name of two of the model\'s inputs and outputs');
  expect(() => emit(named({ '%1.0': g.neg(y) }))).toThrow(
    '"%1.0" cannot be the name of an input or output: those with % are of the tensors in between',
  );
});

it("ONNX Runtime's profiler lists nodes by operation and place in the graph", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'));
  try {
    const g = new Graph();
    const model = encodeModel(emit(named({ y: g.reverse(g.neg(g.input('x', [2], 'float32')), 0) })));
    const session = await InferenceSession.create(model, {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'run'),
      graphOptimizationLevel: 'disabled',
    });
    await session.run({ x: new Tensor('float32', Float32Array.of(1, 2), [2]) });
    session.endProfiling();
    await session.release();
    const events = JSON.parse(readFileSync(join(folder, readdirSync(folder)[0]!), 'utf8')) as { name: string }[];
    const kernels = events.map(({ name }) => name).filter((name) => name.endsWith('_kernel_time'));
    expect(kernels).toEqual(['Neg_1_kernel_time', 'Reverse_2_kernel_time']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('a graph deeper than any stack of calls is written, in order', async () => {
  const g = new Graph();
  let value = g.input('x', [], 'float32');
  for (let i = 0; i < 20_000; i += 1) value = g.op('Neg', [value], {}, []);
  const model = emit(named({ value }));
  expect(model.nodes).toHaveLength(20_000);
  const made = new Set(['x']);
  const inOrder = model.nodes.every(({ inputs, outputs }) => {
    const ready = inputs.every((name) => made.has(name));
    for (const name of outputs) made.add(name);
    return ready;
  });
  expect(inOrder).toBe(true);
});
