import * as tf from '@tensorflow/tfjs-core';

import type { DataId } from './tfjs-internals.js';
import { TraceError } from './trace-error.js';
import { userLine } from './user-line.js';

/** The name under which kernels are registered for tracing. */
export const SYMBOLIC = 'x-trainer-symbolic';

/** A trace under way, as the backend sees it. */
export interface ActiveTrace {
  /** One value, or a list where the kernel gives one. */
  kernel(name: string, inputs: tf.NamedTensorInfoMap | readonly tf.TensorInfo[], attributes: tf.NamedAttrMap): unknown;
  constant(values: unknown, shape: readonly number[], dtype: tf.DataType): unknown;
  /** The elements of a value, or undefined if they are not known while tracing. */
  elements(value: unknown): Float32Array | Int32Array | Uint8Array | undefined;
}

/** What stands for the elements of a tensor. */
export interface SymbolicData {
  readonly value: unknown;
  readonly trace: ActiveTrace;
  /** What made it: a kernel, an element of the batch, a variable. */
  readonly origin: string;
}

/**
 * The backend that programs run on while they are traced: tensors have a shape and a type, and stand for a value of the
 * graph under construction. All of tfjs above kernels (gradients, tidy, customGrad, layers) runs as ever.
 */
class SymbolicBackend extends tf.KernelBackend {
  active: ActiveTrace | undefined;
  private readonly data = new WeakMap<DataId, { readonly symbolic: SymbolicData; references: number }>();
  private count = 0;

  make(value: unknown, origin: string, trace: ActiveTrace = this.trace(origin)): DataId {
    const dataId = {};
    this.data.set(dataId, { symbolic: { value, trace, origin }, references: 1 });
    this.count += 1;
    return dataId;
  }

  /** What a tensor stands for; undefined for one of another backend. */
  symbolic(dataId: DataId): SymbolicData | undefined {
    return this.data.get(dataId)?.symbolic;
  }

  override write(values: unknown, shape: number[], dtype: tf.DataType): DataId {
    return this.make(this.trace('a tensor').constant(values, shape, dtype), 'a constant');
  }

  override move(): void {
    throw new TraceError('a tensor was moved to the backend for tracing; this is a defect of @x/trainer-core');
  }

  override readSync(dataId: DataId): Float32Array | Int32Array | Uint8Array {
    const symbolic = this.symbolic(dataId);
    if (symbolic === undefined) throw new TraceError('a tensor that was disposed is read', userLine());
    if (symbolic.trace !== this.active) throw leaked(symbolic);
    const known = symbolic.trace.elements(symbolic.value);
    if (known !== undefined) return known;
    throw new TraceError(
      `the step reads the value of ${symbolic.origin} (dataSync, data, arraySync, print or a condition), which is not known ` +
        'before the step runs: return the tensor as an output and read it afterwards, or choose with tf.where instead of if',
      userLine(),
    );
  }

  override read(dataId: DataId): Promise<Float32Array | Int32Array | Uint8Array> {
    // not async: the caller's line must still be on the stack
    return Promise.resolve(this.readSync(dataId));
  }

  override refCount(dataId: DataId): number {
    return this.data.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: DataId): void {
    const entry = this.data.get(dataId);
    if (entry !== undefined) entry.references += 1;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const entry = this.data.get(dataId);
    if (entry === undefined) return true;
    entry.references -= 1;
    if (entry.references > 0 && !force) return false;
    this.count -= 1;
    return true;
  }

  override numDataIds(): number {
    return this.count;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override dispose(): void {}

  trace(what: string): ActiveTrace {
    if (this.active !== undefined) return this.active;
    throw new TraceError(`${what} was made on the backend for tracing while nothing is traced`, userLine());
  }
}

export type { SymbolicBackend };

/** There is one, as there is one tfjs. */
export const symbolicBackend: SymbolicBackend = new SymbolicBackend();

export function leaked({ origin }: SymbolicData): TraceError {
  return new TraceError(
    `a tensor of an earlier step (${origin}) is used outside of it: what a step keeps for later, such as in a field of the ` +
      'model, is not computed when the step runs. Return it as an output, or keep it in a variable listed by namedBuffers()',
    userLine(),
  );
}

/** Lets every kernel that any backend has, and those given, be called while tracing. */
export function registerKernels(names: Iterable<string>): void {
  const known = ['cpu', 'wasm', 'tensorflow', 'webgl', tf.getBackend()].flatMap((backend) =>
    tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName),
  );
  for (const kernelName of new Set([...names, ...known])) {
    if (tf.getKernel(kernelName, SYMBOLIC) !== undefined) continue;
    tf.registerKernel({
      kernelName,
      backendName: SYMBOLIC,
      kernelFunc: ({ inputs, attrs = {} }) => {
        const trace = symbolicBackend.trace(`a result of ${kernelName}`);
        const infoOf = (value: unknown): tf.TensorInfo => {
          const { shape, dtype } = value as { shape: readonly number[]; dtype: tf.DataType };
          return { dataId: symbolicBackend.make(value, `the result of ${kernelName}`), shape: [...shape], dtype };
        };
        const result = trace.kernel(kernelName, inputs, attrs);
        return Array.isArray(result) ? result.map(infoOf) : infoOf(result);
      },
    });
  }
}
