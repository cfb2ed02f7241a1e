import { emit } from '../../onnx/emit.js';
import { encodeModel } from '../../onnx/model.js';
import { loadOnnxRuntime } from '../../run/onnxruntime.js';
import type { TypedArray, Value } from '../value.js';

/** The elements of values as ONNX Runtime computes them, given those of the inputs by name. */
export function evaluate(values: readonly Value[], feeds: Readonly<Record<string, TypedArray>> = {}): number[][] {
  const ort = loadOnnxRuntime();
  const named = values.map((value, i) => ({ name: `out${i}`, value }));
  const model = emit(named);
  const session = ort.createSession(encodeModel(model), { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' });
  try {
    const used = model.inputs.map(({ name, dtype, shape }) => {
      return [name, new ort.Tensor(dtype, feeds[name] as Float32Array, shape)] as const;
    });
    const fetches = Object.fromEntries(named.map(({ name }) => [name, null]));
    const results = session.run(Object.fromEntries(used), fetches, {});
    return named.map(({ name }) => Array.from(results[name]!.data, Number));
  } finally {
    session.dispose();
  }
}
