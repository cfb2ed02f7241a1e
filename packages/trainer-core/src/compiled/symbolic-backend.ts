import * as tf from '@tensorflow/tfjs-core';

import { takeBackDisposal } from './tfjs-internals.js';
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
  /** The first thing that cannot be compiled: it stands, whatever the step does with the error. */
  refused: TraceError | undefined;
  /** Where a variable was pointed to other elements, by their id. */
  readonly assignedAt: Map<DataId, string>;
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
    if (symbolic === undefined) throw this.refusal('a tensor that was disposed is read');
    if (symbolic.trace !== this.active) throw this.leaked(symbolic);
    const known = symbolic.trace.elements(symbolic.value);
    if (known !== undefined) return known;
    throw this.refusal(
      `the step reads the value of ${symbolic.origin} (dataSync, data, arraySync, print, or an operation whose shape ` +
        'depends on the data), which is not known before the step runs: return the tensor as an output and read it ' +
        'afterwards, or choose with tf.where instead of if',
    );
  }

  override read(dataId: DataId): Promise<Float32Array | Int32Array | Uint8Array> {
    // not async: the caller's line must still be on the stack
    try {
      return Promise.resolve(this.readSync(dataId));
    } catch (error) {
      // The trace ends with the error. Nobody may be waiting for this promise, and Node ends for a rejection without anybody.
      return this.active === undefined && error instanceof Error ? Promise.reject(error) : new Promise(() => undefined);
    }
  }

  override refCount(dataId: DataId): number {
    return this.data.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: DataId): void {
    // tfjs calls this for a new variable and for one that is assigned
    this.active?.assignedAt.set(dataId, userLine());
    const entry = this.data.get(dataId);
    if (entry !== undefined) entry.references += 1;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const entry = this.data.get(dataId);
    if (entry === undefined) return true;
    entry.references -= 1;
    const last = entry.references <= 0 || force;
    if (this.active === undefined) takeBackDisposal(entry.symbolic.value as tf.TensorInfo, last);
    if (!last) return false;
    this.data.delete(dataId);
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
    throw this.refusal(`${what} was made on the backend for tracing while nothing is traced`);
  }

  /** An error that names the user's line, and ends the trace under way even if somebody catches it. */
  refusal(reason: string, options?: ErrorOptions): TraceError {
    const error = new TraceError(reason, userLine(), options);
    if (this.active !== undefined) this.active.refused ??= error;
    return error;
  }

  leaked({ origin }: SymbolicData, what = 'what is used here'): TraceError {
    return this.refusal(
      `${what} is a tensor of an earlier step (${origin}): what a step keeps for later, such as in a field of the model, is ` +
        'not computed when the step runs. Return it as an output, keep it in a variable listed by namedBuffers(), or run ' +
        'with the engine "eager"',
    );
  }
}

export type { SymbolicBackend };

/** There is one, as there is one tfjs. */
export const symbolicBackend: SymbolicBackend = new SymbolicBackend();

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
