import * as tf from '@tensorflow/tfjs-core';

import { StateError } from '../errors.js';

/** What can be saved: JSON values, and tensors as leaves. */
export type StateValue =
  null | boolean | number | string | tf.Tensor | readonly StateValue[] | { readonly [key: string]: StateValue };

/** A saved state, keyed by name. */
export type StateDict = { readonly [key: string]: StateValue };

/**
 * Anything whose future depends on its past.
 *
 * Tensors in the result of `stateDict()` are the live ones: whoever keeps them across a step clones them
 * ({@link cloneState}), and never disposes them. `loadStateDict()` copies what it takes, so the caller still owns the
 * tensors it passed; it checks everything first and, when it throws a {@link StateError}, has changed nothing.
 */
export interface Stateful {
  stateDict(): StateDict;
  loadStateDict(state: StateDict): void;
}

/** A deep copy whose tensors the caller owns (they share memory with the originals until one of them changes). */
export function cloneState<T extends StateValue>(state: T): T {
  return mapTensors(state, (tensor) => tf.clone(tensor)) as T;
}

/** Disposes every tensor in a state that the caller owns. */
export function disposeState(state: StateValue): void {
  mapTensors(state, (tensor) => {
    tensor.dispose();
    return null;
  });
}

/** A copy of `state` in which each tensor is replaced. `path` is the dotted way to it. */
export function mapTensors(
  state: StateValue,
  replace: (tensor: tf.Tensor, path: string) => StateValue,
  path = '',
): StateValue {
  if (state instanceof tf.Tensor) return replace(state, path);
  if (Array.isArray(state)) return state.map((value: StateValue, i) => mapTensors(value, replace, join(path, `${i}`)));
  if (state !== null && typeof state === 'object') {
    return Object.fromEntries(
      Object.entries(state as StateDict).map(([key, value]) => [key, mapTensors(value, replace, join(path, key))]),
    );
  }
  return state;
}

/**
 * The entry `key` of a saved state.
 *
 * @throws StateError (`X_STATE_MISMATCH`) if it is missing or not of the expected kind.
 */
export function readState(state: StateDict, key: string, kind: 'number'): number;
export function readState(state: StateDict, key: string, kind: 'string'): string;
export function readState(state: StateDict, key: string, kind: 'boolean'): boolean;
export function readState(state: StateDict, key: string, kind: 'object'): StateDict;
export function readState(state: StateDict, key: string, kind: 'array'): readonly StateValue[];
export function readState(state: StateDict, key: string, kind: 'tensor'): tf.Tensor;
export function readState(state: StateDict, key: string, kind: string): StateValue {
  const value = state[key];
  const found = value === undefined ? 'nothing' : kindOf(value);
  if (value === undefined || found !== kind) {
    throw new StateError('X_STATE_MISMATCH', `the saved state should have "${key}" of kind ${kind}, but has ${found}`);
  }
  return value;
}

/** In words how a saved tensor differs in shape or type from what it is to be loaded into; null where it fits. */
export function misfit(
  saved: tf.Tensor,
  own: { readonly shape: readonly number[]; readonly dtype: string },
): string | null {
  if (saved.shape.join() !== own.shape.join()) return `has shape [${saved.shape}], expected [${own.shape}]`;
  return saved.dtype === own.dtype ? null : `is ${saved.dtype}, expected ${own.dtype}`;
}

function kindOf(value: StateValue): string {
  if (value === null) return 'null';
  if (value instanceof tf.Tensor) return 'tensor';
  return Array.isArray(value) ? 'array' : typeof value;
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}
