import '@tensorflow/tfjs-backend-cpu';

import { createHash } from 'node:crypto';

import { hostRandom, uniformAt } from '@x/trainer-core';
import type { RandomKey, StepRandom } from '@x/trainer-core';

import { Graph } from '../graph/graph.js';
import type { Value } from '../graph/value.js';
import { emit } from '../onnx/emit.js';
import { encodeModel } from '../onnx/model.js';
import { loadOnnxRuntime } from '../run/onnxruntime.js';
import { uniformValue } from './random.js';
import { SiteKeys } from './site-keys.js';

type Draw = { readonly kind: 'uniform' | 'normal'; readonly shape: readonly number[] };

const ort = loadOnnxRuntime();

/** What a graph computes on ONNX Runtime, for one set of inputs after another. */
function compute(values: readonly Value[], steps: readonly Record<string, Uint32Array>[]): Float32Array[][] {
  const named = values.map((value, i) => ({ name: `out${i}`, value }));
  const model = emit(named);
  const session = ort.createSession(encodeModel(model), { logSeverityLevel: 3 });
  try {
    return steps.map((feeds) => {
      const tensors = model.inputs.map(({ name }) => [
        name,
        new ort.Tensor('uint32', feeds[name]!, [feeds[name]!.length]),
      ]);
      const fetches = Object.fromEntries(named.map(({ name }) => [name, null]));
      const results = session.run(Object.fromEntries(tensors) as never, fetches, {});
      return named.map(({ name }) => results[name]!.data as Float32Array);
    });
  } finally {
    session.dispose();
  }
}

/** Shape aside, everything that there is to compare, and quickly. */
const bits = (steps: readonly Float32Array[][]): string[][] =>
  steps.map((draws) =>
    draws.map((numbers) =>
      createHash('sha1')
        .update(Buffer.from(Float32Array.from(numbers).buffer))
        .digest('hex'),
    ),
  );

/** The draws of some steps, by the graph and by the eager engine. */
function both(draws: readonly Draw[], keys: readonly RandomKey[]): [Float32Array[][], Float32Array[][]] {
  const random = new SiteKeys(new Graph());
  const values = draws.map(({ kind, shape }) => random[kind](shape));
  const compiled = compute(
    values,
    keys.map((key) => random.feeds(key)),
  );
  const eager = keys.map((key) => {
    const host: StepRandom = hostRandom(key);
    return draws.map(({ kind, shape }) => {
      const tensor = host[kind](shape);
      const data = tensor.dataSync() as Float32Array;
      tensor.dispose();
      return data;
    });
  });
  return [compiled, eager];
}

const KEYS: readonly RandomKey[] = [
  { seed: 0, step: 0, microBatch: 0 },
  { seed: 13370, step: 1, microBatch: 0 },
  { seed: 13370, step: 123456, microBatch: 7 },
  { seed: 0xffffffff, step: 2 ** 31, microBatch: 1 },
];
const SHAPES = [[], [1], [3, 5, 7], [64, 33], [2, 0, 3], [65_537], [300, 400]] as const;

it('uniform numbers are those of the eager engine, bit for bit', () => {
  const [compiled, eager] = both(
    SHAPES.map((shape) => ({ kind: 'uniform', shape })),
    KEYS,
  );
  expect(bits(compiled)).toEqual(bits(eager));
});

it('normal numbers are those of the eager engine within a millionth', () => {
  const [compiled, eager] = both(
    SHAPES.slice(0, -1).map((shape) => ({ kind: 'normal', shape })),
    KEYS.slice(1, 3),
  );
  for (const [step, draws] of eager.entries()) {
    for (const [i, numbers] of draws.entries()) {
      const largest = numbers.reduce((most, x, n) => Math.max(most, Math.abs(x - compiled[step]![i]![n]!)), 0);
      expect(compiled[step]![i]).toHaveLength(numbers.length);
      expect(largest).toBeLessThan(1e-6);
    }
  }
});

it('sites count on over both kinds and over empty draws', () => {
  const draws = (['uniform', 'normal', 'uniform', 'uniform'] as const).map((kind, i) => ({
    kind,
    shape: [i === 2 ? 0 : 4],
  }));
  const [[compiled], [eager]] = both(draws, [KEYS[1]!]);
  expect(compiled![3]).toEqual(eager![3]);
  expect(compiled![0]).not.toEqual(compiled![3]);
});

it('a step may have more sites than an input has keys', () => {
  const random = new SiteKeys(new Graph());
  const host = hostRandom(KEYS[2]!);
  const values = Array.from({ length: 1030 }, () => random.uniform([2]));
  const expected = values.map(() => host.uniform([2]).dataSync() as Float32Array);
  const some = [0, 1022, 1023, 1024, 1029];
  const [drawn] = compute(
    some.map((site) => values[site]!),
    [random.feeds(KEYS[2]!)],
  );
  expect(drawn).toEqual(some.map((site) => expected[site]!));
});

it('two sources of a graph have keys of their own', () => {
  const g = new Graph();
  const [one, other] = [new SiteKeys(g, 'forward'), new SiteKeys(g, 'update')];
  const values = [one.uniform([5]), other.uniform([5])];
  const [drawn] = compute(values, [{ ...one.feeds(KEYS[0]!), ...other.feeds(KEYS[1]!) }]);
  const expected = [KEYS[0]!, KEYS[1]!].map((key) => hostRandom(key).uniform([5]).dataSync());
  expect(drawn).toEqual(expected);
});

it('a source that drew nothing needs nothing', () => {
  expect(new SiteKeys(new Graph()).feeds(KEYS[0]!)).toEqual({});
});

it('the words of the largest keys and places do not lose bits', () => {
  const g = new Graph();
  const keys = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
  const [drawn] = compute(
    keys.map((_, i) => uniformValue(g, g.input(`key${i}`, [1], 'uint32'), [70_000])),
    [Object.fromEntries(keys.map((key, i) => [`key${i}`, Uint32Array.of(key)]))],
  );
  keys.forEach((key, i) => {
    for (const place of [0, 1, 65_535, 65_536, 69_999]) expect(drawn![i]![place]).toBe(uniformAt(key, place));
  });
});
