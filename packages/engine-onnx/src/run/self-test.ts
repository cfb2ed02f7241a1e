import { Graph } from '../graph/graph.js';
import { emit } from '../onnx/emit.js';
import { encodeModel } from '../onnx/model.js';
import { wasm } from '../update/webassembly.js';
import type { OnnxRuntime } from './onnxruntime.js';

/**
 * Runs a small model as this package runs all: through the synchronous session, inputs and outputs in WebAssembly
 * memory, a further output in memory of ONNX Runtime's own.
 *
 * @throws Error if a part that is used is missing, or the results are wrong.
 */
export function selfTest(runtime: OnnxRuntime): void {
  const g = new Graph();
  const x = g.input('x', [2, 2], 'float32');
  const product = g.matmul(x, g.constant(Float32Array.of(1, 2, 3, 4), [2, 2], 'float32'));
  const model = emit([
    { name: 'product', value: product },
    { name: 'sum', value: g.sum(product, [0, 1], false) },
  ]);
  const { buffer } = new wasm.Memory({ initial: 1 });
  const [input, output] = [new Float32Array(buffer, 0, 4), new Float32Array(buffer, 64, 4)];
  input.set([1, 1, 0, -1]);
  const session = runtime.createSession(encodeModel(model), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const feeds = { x: new runtime.Tensor('float32', input, [2, 2]) };
    const fetches = { product: new runtime.Tensor('float32', output, [2, 2]), sum: null };
    const { sum } = session.run(feeds, fetches, {});
    expectNumbers('a product of matrices, in WebAssembly memory', output, [4, 6, -3, -4]);
    expectNumbers('its sum', sum?.data ?? [], [3]);
  } finally {
    session.dispose();
  }
}

function expectNumbers(what: string, actual: ArrayLike<number | bigint>, expected: readonly number[]): void {
  const numbers = Array.from(actual, Number);
  if (numbers.length === expected.length && numbers.every((x, i) => x === expected[i])) return;
  throw new Error(`a test at load gave ${what}, as [${numbers.join(', ')}], expected [${expected.join(', ')}]`);
}
