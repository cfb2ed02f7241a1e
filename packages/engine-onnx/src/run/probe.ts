import type { EngineProbe } from '@x/trainer-core';

import { loadOnnxRuntime } from './onnxruntime.js';
import type { OnnxRuntime } from './onnxruntime.js';
import { OnnxRuntimeError } from './onnxruntime-error.js';

/** Whether ONNX Runtime is usable here; if not, why, and what to type. */
export function probeOnnxRuntime(load: () => OnnxRuntime = loadOnnxRuntime): EngineProbe {
  try {
    const { version } = load();
    return { usable: true, reason: `onnxruntime-node ${version}, CPU (${process.platform} ${process.arch})` };
  } catch (error) {
    if (!(error instanceof OnnxRuntimeError)) throw error;
    const { reason, advice } = error;
    return { usable: false, reason, ...(advice === undefined ? {} : { advice }) };
  }
}
