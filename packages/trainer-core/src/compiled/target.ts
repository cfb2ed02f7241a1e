import type * as tf from '@tensorflow/tfjs-core';

/** Element types that a compiled step can have. */
export type CompiledType = 'float32' | 'int32' | 'bool';

/** Elements on the host: of float32, int32, bool. */
export type HostArray = Float32Array | Int32Array | Uint8Array;

/**
 * Elements in the array of their type: as they are where they stand in one already. tfjs's cpu backend may hold them in
 * another, since its cast of whole numbers to float32 changes the type of the tensor and not the array.
 */
export function hostArray(values: ArrayLike<number | boolean>, dtype: CompiledType): HostArray {
  if (dtype === 'float32') return values instanceof Float32Array ? values : Float32Array.from(values, Number);
  if (dtype === 'int32') return values instanceof Int32Array ? values : Int32Array.from(values, Number);
  return values instanceof Uint8Array ? values : Uint8Array.from(values, Number);
}

/** What stands for a tensor while a step is traced: its shape and type are known, its elements are not. */
export interface SymbolicValue {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** A kernel, or options of one, that an engine cannot compile. Its message goes into one that names the user's line. */
export class NotCompilableError extends Error {
  override readonly name: string = 'NotCompilableError';
}

/** The inputs of a kernel by tfjs's names; a list of inputs stands under '0', '1', ... */
export type KernelInputs<V> = Readonly<Record<string, V>>;

/**
 * What a compiled engine builds while a step is traced. The same calls in the same order give the same target, so that a
 * step can be traced twice and compared.
 */
export interface TraceTarget<V extends SymbolicValue> {
  /** What is handed to each run: an element of the batch, a number, a part of the state. One name is one value. */
  input(name: string, shape: readonly number[], dtype: CompiledType): V;

  constant(data: HostArray, shape: readonly number[], dtype: CompiledType): V;

  /**
   * What a tfjs kernel computes: a value, or a list where tfjs's kernel gives one.
   *
   * @throws NotCompilableError for a kernel or options that it does not have.
   */
  kernel(name: string, inputs: KernelInputs<V>, attributes: tf.NamedAttrMap): V | readonly V[];

  /** The same elements in another shape. */
  reshape(value: V, shape: readonly number[]): V;

  /** The elements, where they are known while tracing. */
  constantData(value: V): HostArray | undefined;

  /** Uniform in [0, 1). Each call, of either kind, is the next site of the step: see `StepRandom`. */
  uniform(shape: readonly number[]): V;

  /** Mean 0, standard deviation 1. */
  normal(shape: readonly number[]): V;
}
