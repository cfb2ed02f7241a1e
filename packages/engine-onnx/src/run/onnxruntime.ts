import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';

/** The synchronous session below ONNX Runtime's public one, which adds checks that are quadratic in the number of names. */
export interface NativeSession {
  loadModel(
    buffer: ArrayBufferLike,
    byteOffset: number,
    byteLength: number,
    options: InferenceSession.SessionOptions,
  ): void;
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
    options: InferenceSession.RunOptions,
  ): Record<string, OrtTensor>;
  dispose(): void;
}

export interface OnnxRuntime {
  readonly version: string;
  readonly Tensor: typeof OrtTensor;
  createSession(model: Uint8Array, options: InferenceSession.SessionOptions): NativeSession;
}

/** Loads ONNX Runtime from this package's place. */
export function loadOnnxRuntime(): OnnxRuntime {
  const require = createRequire(import.meta.url);
  const entry = require.resolve('onnxruntime-node');
  const { Tensor } = require('onnxruntime-node') as { Tensor: typeof OrtTensor };
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  const { binding, initOrt } = require(join(dirname(entry), 'binding.js')) as {
    binding: { InferenceSession: new () => NativeSession };
    initOrt: () => void;
  };
  return {
    version,
    Tensor,
    createSession(model, options) {
      initOrt();
      const session = new binding.InferenceSession();
      session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
      return session;
    },
  };
}
