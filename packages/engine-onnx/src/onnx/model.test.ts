import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Attributes } from '../graph/value.js';
import { encodeModel } from './model.js';
import type { ModelConstant, ModelNode } from './model.js';
import { refuseTooLarge } from './size.js';

it("a model has the bytes that ONNX's own Python package writes", () => {
  const node = (name: string, inputs: string[], output: string, attributes: Attributes, domain = ''): ModelNode => {
    return { name, op: name.split('_')[0]!, domain, inputs, outputs: [output], attributes };
  };
  const bytes = encodeModel({
    nodes: [
      node('Reshape_1', ['x', '%c0'], '%1.0', {}),
      node('Transpose_2', ['%1.0'], '%2.0', { perm: [1, 0] }),
      node('FusedMatMul_4', ['%2.0', '%c1'], 'y', { alpha: { float: 0.5 }, transA: 1 }, 'com.microsoft'),
      node('Cast_6', ['%c2'], 'z', { to: 1 }),
      node('Pad_7', ['y', '%c3', '%c4'], 'w', { mode: 'constant' }),
      node('Concat_8', ['y', 'y'], 'v', { axis: -1 }),
    ],
    constants: [
      { name: '%c0', dtype: 'int64', shape: [2], data: BigInt64Array.of(200n, 3n) },
      { name: '%c1', dtype: 'float32', shape: [200, 6], data: Float32Array.from({ length: 1200 }, (_, i) => i) },
      { name: '%c2', dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) },
      { name: '%c3', dtype: 'int64', shape: [4], data: BigInt64Array.of(0n, 0n, -1n, -1n) },
      { name: '%c4', dtype: 'float32', shape: [], data: Float32Array.of(-0) },
    ],
    inputs: [{ name: 'x', dtype: 'float32', shape: [600] }],
    outputs: [
      { name: 'y', dtype: 'float32', shape: [3, 6] },
      { name: 'z', dtype: 'float32', shape: [2] },
      { name: 'w', dtype: 'float32', shape: [2, 5] },
      { name: 'v', dtype: 'float32', shape: [3, 12] },
    ],
  });
  expect(Buffer.from(bytes)).toEqual(readFileSync(join(__dirname, '__fixtures__/golden.onnx')));
});

describe('a model that ONNX Runtime could not read', () => {
  const constant = (name: string, data: Float32Array): ModelConstant => ({
    name,
    dtype: 'float32',
    shape: [data.length / 64, 64],
    data,
  });
  const model = {
    nodes: [{ name: 'Gemm_7', op: 'Gemm', domain: '', inputs: ['x', '%c2'], outputs: ['y'], attributes: {} }],
    constants: [constant('%c0', new Float32Array(64)), constant('%c1', new Float32Array(128))],
    inputs: [],
    outputs: [],
  };

  it('is refused before it is encoded, with its largest constants and what to do', () => {
    // never written to, so the memory is not taken
    const large = { ...model, constants: [...model.constants, constant('%c2', new Float32Array(2 ** 29))] };
    expect(() => encodeModel(large)).toThrow(
      expect.objectContaining({
        code: 'X_ONNX_MODEL_TOO_LARGE',
        message:
          'the compiled step holds 2.15 GB of constants, and a model of ONNX Runtime at most 2.08 GB; the largest: ' +
          'float32 [8388608, 64], 2.15 GB, used by Gemm_7. Constants are the arrays that the model makes or ' +
          'captures outside its variables: hand them over as fields of the batch, or make them variables (trainable or not)',
      }),
    );
  });

  it('is one with more bytes than the limit, not as many', () => {
    expect(() => refuseTooLarge(model, 768)).not.toThrow();
    expect(() => refuseTooLarge(model, 767)).toThrow(expect.objectContaining({ code: 'X_ONNX_MODEL_TOO_LARGE' }));
  });
});
