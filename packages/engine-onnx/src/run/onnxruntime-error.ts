import { EngineError } from '@x/trainer-core';
import type { ErrorCode } from '@x/trainer-core';

/** The one version that this package is made for: it calls parts of it that have no promise. */
export const ONNXRUNTIME_VERSION = '1.30.0';

/** Installs it as npm 10 and 11 alike do, without its script, which would download CUDA libraries. */
export const INSTALL_COMMAND = `npm install --save-exact --ignore-scripts onnxruntime-node@${ONNXRUNTIME_VERSION}`;

/** ONNX Runtime that is not usable here: why, and what to type, if that can be helped. */
export class OnnxRuntimeError extends EngineError {
  override readonly name: string = 'OnnxRuntimeError';

  constructor(
    code: Extract<ErrorCode, `X_ONNXRUNTIME_${string}`>,
    readonly reason: string,
    readonly advice?: string,
    options?: { cause?: unknown },
  ) {
    super(code, `the engine "onnx" cannot run: ${reason}${advice === undefined ? '' : `; ${advice}`}`, options);
  }
}
