import * as tf from '@tensorflow/tfjs-core';
import type { StateDict, StateValue, TensorMap } from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';

/**
 * How a state becomes JSON and tensors.
 *
 * JSON has no tensors and not all numbers. What it lacks is written as an object with one key that starts with `$`:
 * - a tensor as `{ "$tensor": "/optimizer/w" }`: the JSON Pointer (RFC 6901) of its place, under which it is stored;
 * - NaN, the infinities and -0 as `{ "$number": "NaN" }`; every other float64 is exact in JSON as it is.
 *
 * A key of the state itself that starts with `$` is written with one more `$`.
 */
export interface EncodedState {
  readonly json: string;
  /** Tensors by JSON Pointer; still the state's own. */
  readonly tensors: TensorMap;
}

/** @throws CheckpointError (`X_CHECKPOINT`) naming the place of a value that cannot be saved (a function, a `Date`...). */
export function encodeState(state: StateDict): EncodedState {
  const tensors: TensorMap = {};
  const json = JSON.stringify(encode(state, '', tensors));
  return { json, tensors };
}

/**
 * The state again. The tensors become part of it, and the caller owns it.
 *
 * @param file what error messages call the file that `json` was read from.
 * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) if the JSON and the tensors do not belong together.
 */
export function decodeState(json: string, tensors: Readonly<TensorMap>, file: string): StateDict {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new CheckpointError('X_CHECKPOINT_CORRUPT', `${file} is not JSON (${(error as Error).message})`, {
      cause: error,
    });
  }
  const unused = new Set(Object.keys(tensors));
  const state = decode(parsed, tensors, unused, file);
  if (unused.size > 0) throw corrupt(file, `it does not mention the tensors ${[...unused].join(', ')}`);
  return state as StateDict;
}

function encode(value: unknown, pointer: string, tensors: TensorMap): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? '-0' : `${value}` };
  }
  if (value instanceof tf.Tensor) {
    tensors[pointer] = value as tf.Tensor;
    return { $tensor: pointer };
  }
  if (Array.isArray(value)) return value.map((item, i) => encode(item, `${pointer}/${i}`, tensors));
  if (Object.prototype.toString.call(value) === '[object Object]') {
    return Object.fromEntries(
      Object.entries(value as object)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => [
          key.startsWith('$') ? `$${key}` : key,
          encode(item, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, tensors),
        ]),
    );
  }
  throw new CheckpointError(
    'X_CHECKPOINT',
    `the training state cannot be saved: at ${pointer} it has ${Object.prototype.toString.call(value)}; a state holds null, ` +
      'booleans, numbers, strings, tensors, and lists and plain objects of them',
  );
}

function decode(value: unknown, tensors: Readonly<TensorMap>, unused: Set<string>, file: string): StateValue {
  if (Array.isArray(value)) return value.map((item) => decode(item, tensors, unused, file));
  if (typeof value !== 'object' || value === null) return value as StateValue;
  if ('$number' in value) return Number(value.$number);
  if ('$tensor' in value) {
    const pointer = String(value.$tensor);
    if (!unused.delete(pointer)) throw corrupt(file, `the tensor ${pointer}, which it mentions, is missing`);
    return tensors[pointer]!;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.startsWith('$') ? key.slice(1) : key,
      decode(item, tensors, unused, file),
    ]),
  );
}

function corrupt(file: string, cause: string): CheckpointError {
  return new CheckpointError('X_CHECKPOINT_CORRUPT', `${file} does not belong to its tensors: ${cause}`);
}
