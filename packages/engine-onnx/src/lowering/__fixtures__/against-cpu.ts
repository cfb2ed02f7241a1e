import '@tensorflow/tfjs-backend-cpu';

import * as tf from '@tensorflow/tfjs-core';

import { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import { emit } from '../../onnx/emit.js';
import { encodeModel } from '../../onnx/model.js';
import { loadOnnxRuntime } from '../../run/onnxruntime.js';
import { graphType } from '../lowering.js';
import type { KernelAttributes, Lowering } from '../lowering.js';

/** Elements with their shape. */
export interface Result {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

/** By name, or a list where the kernel takes one (`Concat`). */
export type KernelInputs = Readonly<Record<string, tf.Tensor>> | readonly tf.Tensor[];

/** What a lowering computes on ONNX Runtime. */
export function lowered(
  lowering: Lowering,
  inputs: KernelInputs,
  attributes: KernelAttributes = {},
  graph: Graph = new Graph(),
): Result[] {
  const ort = loadOnnxRuntime();
  const feeds: Record<string, InstanceType<typeof ort.Tensor>> = {};
  const values: Record<string, Value> = {};
  for (const [name, tensor] of Object.entries(inputs)) {
    values[name] = graph.input(name, tensor.shape, graphType(tensor.dtype));
    feeds[name] = new ort.Tensor(tensor.dtype as 'float32', tensor.dataSync(), tensor.shape);
  }
  const made = lowering(graph, values, attributes);
  const outputs = (Array.isArray(made) ? made : [made]) as readonly Value[];
  const named = outputs.map((value, i) => ({ name: `out${i}`, value }));
  const model = emit(named);
  const session = ort.createSession(encodeModel(model), { logSeverityLevel: 3 });
  try {
    const used = Object.fromEntries(model.inputs.map(({ name }) => [name, feeds[name]!]));
    const fetches = Object.fromEntries(named.map(({ name }) => [name, null]));
    const results = session.run(used, fetches, {});
    return outputs.map(({ shape, dtype }, i) => ({
      shape: [...shape],
      dtype,
      data: Array.from(results[`out${i}`]!.data, Number),
    }));
  } finally {
    session.dispose();
  }
}

/** What tfjs's cpu backend computes. */
export function onCpu(kernel: string, inputs: KernelInputs, attributes: KernelAttributes = {}): Result[] {
  return tf.tidy(() => {
    const named = inputs as unknown as tf.NamedTensorMap;
    const outputs = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(kernel, named, attributes as tf.NamedAttrMap);
    return [outputs].flat().map((tensor) => ({
      shape: [...tensor.shape],
      dtype: tensor.dtype,
      data: Array.from(tensor.dataSync(), Number),
    }));
  });
}

/** Whether results are equal up to `tolerance` times the largest element of each. */
export function expectClose(actual: readonly Result[], expected: readonly Result[], tolerance = 2e-6): void {
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  for (const [i, { data }] of expected.entries()) {
    const largest = data.reduce((max, x) => (Number.isFinite(x) ? Math.max(max, Math.abs(x)) : max), 1e-6);
    for (const [j, x] of data.entries()) {
      const y = actual[i]!.data[j]!;
      if (Object.is(x, y) || x === y) continue;
      if (!(Math.abs(x - y) <= tolerance * largest)) throw new Error(`output ${i}, element ${j}: ${y}, expected ${x}`);
    }
  }
}

/** Random numbers in [low, high), the same for the same seed. */
export function random(shape: number[], seed = 1, low = -1, high = 1): tf.Tensor {
  return tf.randomUniform(shape, low, high, 'float32', seed);
}

/** Random whole numbers from 0 to `below` - 1, the same for the same seed. */
export function randomInts(shape: number[], below: number, seed = 1): tf.Tensor {
  return tf.tidy(() => tf.cast(tf.floor(tf.randomUniform(shape, 0, below - 1e-3, 'float32', seed)), 'int32'));
}
