import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Graph } from '../graph/graph.js';
import type { Attributes } from '../graph/value.js';
import { emit } from './emit.js';
import { encodeModel } from './model.js';
import type { ModelConstant } from './model.js';
import { refuseTooLarge } from './size.js';

it("a model has the bytes that ONNX's own Python package writes", () => {
  const g = new Graph();
  const matrix = g.reshape(g.input('x', [600], 'float32'), [200, 3]);
  const turned = g.op('Transpose', [matrix], { perm: [1, 0] }, [3, 200]);
  const weights = g.constant(
    Float32Array.from({ length: 1200 }, (_, i) => i),
    [200, 6],
    'float32',
  );
  const attributes: Attributes = { alpha: { float: 0.5 }, transA: 1 };
  const y = g.op('FusedMatMul', [turned, weights], attributes, [3, 6], 'float32', 'com.microsoft');
  const z = g.cast(g.constant(Uint8Array.of(1, 0), [2], 'bool'), 'float32');
  const w = g.pad(
    y,
    [
      [0, -1],
      [0, -1],
    ],
    -0,
  );
  const v = g.op('Concat', [y, y], { axis: -1 }, [3, 12]);
  const bytes = encodeModel(emit(Object.entries({ y, z, w, v }).map(([name, value]) => ({ name, value }))));
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
