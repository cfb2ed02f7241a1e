import * as tf from '@tensorflow/tfjs-core';

import { EngineError } from '../errors.js';

/**
 * Everything that compiled engines use of TensorFlow.js besides its documented API. {@link checkTfjsInternals} tries each
 * of it once; a version of tfjs that differs is refused by name, not found out by wrong numbers.
 */

/** The versions of tfjs-core that this was written against. */
const TESTED_VERSIONS: readonly string[] = ['4.22.0'];

export type DataId = tf.TensorInfo['dataId'];

/** Where tfjs keeps the elements of a tensor. */
export interface DataInfo {
  backend: tf.KernelBackend;
  readonly dtype: tf.DataType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

interface EngineState {
  registeredVariables: Record<string, tf.Variable>;
  tensorInfo: WeakMap<DataId, DataInfo>;
  numBytes: number;
  numTensors: number;
  numStringTensors: number;
  numDataBuffers: number;
  gradientDepth: number;
  kernelDepth: number;
  activeTape?: unknown;
}

interface Engine {
  readonly state: EngineState;
  backendName: string;
  backendInstance: tf.KernelBackend;
  makeTensorFromTensorInfo(info: tf.TensorInfo, backend: tf.KernelBackend): tf.Tensor;
  runKernel(kernel: string, inputs: tf.NamedTensorMap, attributes?: object): tf.Tensor | tf.Tensor[];
}

function engine(): Engine {
  return tf.engine() as unknown as Engine;
}

/**
 * Runs synchronous code on a backend without tfjs's own `setBackend`, which is asynchronous. However it ends, tfjs is as
 * it was afterwards.
 */
export function onBackend<R>(name: string, backend: tf.KernelBackend, run: () => R): R {
  const at = engine();
  const before = { backendName: at.backendName, backendInstance: at.backendInstance };
  Object.assign(at, { backendName: name, backendInstance: backend });
  try {
    return run();
  } finally {
    Object.assign(at, before);
  }
}

/**
 * Runs synchronous code that makes no real tensor: what tfjs counts, and how deep it is in gradients and kernels, is as it
 * was afterwards, also if the code was left in the middle of them.
 */
export function uncounted<R>(run: () => R): R {
  const { state } = engine();
  const { numBytes, numTensors, numStringTensors, numDataBuffers, gradientDepth, kernelDepth, activeTape } = state;
  // A program is run on its own, not as a part of whatever gradient is being computed around it.
  Object.assign(state, { gradientDepth: 0, kernelDepth: 0 });
  try {
    return run();
  } finally {
    const counts = { numBytes, numTensors, numStringTensors, numDataBuffers };
    Object.assign(state, counts, { gradientDepth, kernelDepth, activeTape });
  }
}

/** A kernel that has just run. */
export interface KernelCall {
  readonly kernel: string;
  readonly inputs: readonly { readonly name: string; readonly tensor: tf.Tensor }[];
  readonly outputs: readonly tf.Tensor[];
  /** Whether a gradient will be computed of it: the forward pass. */
  readonly inGradient: boolean;
}

/** Tells of every kernel that synchronous code runs, in their order. */
export function onEveryKernel<R>(tell: (call: KernelCall) => void, run: () => R): R {
  const at = engine();
  const runKernel = at.runKernel.bind(at);
  at.runKernel = (kernel, inputs, attributes) => {
    const result = runKernel(kernel, inputs, attributes);
    tell({
      kernel,
      inputs: Object.entries(inputs).flatMap(([name, tensors]: [string, unknown]) =>
        [tensors].flat().flatMap((tensor) => (tensor instanceof tf.Tensor ? [{ name, tensor }] : [])),
      ),
      outputs: [result].flat(),
      inGradient: at.state.gradientDepth > 0,
    });
    return result;
  };
  try {
    return run();
  } finally {
    // the method is the class's: what shadows it goes
    delete (at as Partial<Engine>).runKernel;
  }
}

/** Every variable that is alive. */
export function liveVariables(): tf.Variable[] {
  return Object.values(engine().state.registeredVariables);
}

/** Where the elements of a tensor are, undefined if it is disposed. */
export function dataInfo(dataId: DataId): DataInfo | undefined {
  return engine().state.tensorInfo.get(dataId);
}

/** Makes tfjs look for elements on a backend. */
export function announceData(dataId: DataId, info: DataInfo): void {
  engine().state.tensorInfo.set(dataId, info);
}

/** Makes a variable stand for other elements without telling anybody: the caller puts the old ones back. */
export function pointVariable(variable: tf.Variable, dataId: DataId): void {
  (variable as { dataId: DataId }).dataId = dataId;
}

/** Undoes the disposal of a variable whose elements are still there. */
export function reviveVariable(variable: tf.Variable): void {
  engine().state.registeredVariables[variable.name] = variable;
  (variable as unknown as { isDisposedInternal: boolean }).isDisposedInternal = false;
}

/** Takes back what tfjs counts for the disposal of a tensor that it has not counted when it was made. */
export function takeBackDisposal({ shape, dtype }: Pick<tf.TensorInfo, 'shape' | 'dtype'>, ofElements: boolean): void {
  const { state } = engine();
  state.numTensors += 1;
  state.numBytes += tf.util.sizeFromShape(shape) * tf.util.bytesPerElement(dtype);
  if (ofElements) state.numDataBuffers += 1;
}

/** A tensor of elements that a backend has already; it is freed as any other. */
export function tensorOf(info: tf.TensorInfo, backend: tf.KernelBackend): tf.Tensor {
  return engine().makeTensorFromTensorInfo(info, backend);
}

/** Assigns elements that a backend has already. tfjs would first move them to the current one. */
export function assignInPlace(variable: tf.Variable, info: tf.TensorInfo, backend: tf.KernelBackend): void {
  const tensor = tensorOf(info, backend);
  onBackend(engine().backendName, backend, () => variable.assign(tensor));
  tensor.dispose();
}

let checked = false;

/**
 * Tries what is used of tfjs's inside.
 *
 * @throws EngineError (`X_ENGINE_UNAVAILABLE`) naming the version, if something is not as it was.
 */
export function checkTfjsInternals(): void {
  if (checked) return;
  const at = engine();
  const wrong = Object.entries({
    'engine().state.tensorInfo': at.state?.tensorInfo instanceof WeakMap,
    'engine().state.registeredVariables': typeof at.state?.registeredVariables === 'object',
    'engine().backendName': 'backendName' in at && 'backendInstance' in at,
    'engine().makeTensorFromTensorInfo': typeof at.makeTensorFromTensorInfo === 'function',
    'engine().runKernel': typeof at.runKernel === 'function' && !Object.hasOwn(at, 'runKernel'),
    'engine().state.gradientDepth': [at.state?.gradientDepth, at.state?.kernelDepth].every(Number.isInteger),
    'engine().state.numTensors': [at.state?.numTensors, at.state?.numBytes, at.state?.numDataBuffers].every(
      Number.isInteger,
    ),
  }).flatMap(([name, found]) => (found ? [] : [name]));
  if (wrong.length > 0) {
    throw new EngineError(
      'X_ENGINE_UNAVAILABLE',
      `steps cannot be compiled with tfjs-core ${tf.version_core}: it has no ${wrong.join(', ')}; tested with ` +
        TESTED_VERSIONS.join(', '),
    );
  }
  checked = true;
}
