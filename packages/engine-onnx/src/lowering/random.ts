import { hash32 } from '@x/trainer-core';

import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';

/** Up to this many elements the hashes of their places are a constant: 256 KiB. The graph computes those of more. */
const LARGEST_TABLE = 2 ** 16;

/**
 * The uniform numbers in [0, 1) of a key, float32: bit for bit those of `uniformAt` of `@x/trainer-core`.
 *
 * @param key uint32 of shape [1].
 */
export function uniformValue(g: Builder, key: Value, shape: readonly number[]): Value {
  const size = sizeOf(shape);
  if (size === 0) return g.splat(0, shape);
  const words = hash(g, xor(g, placeHashes(g, size), key));
  const numbers = g.cast(shiftRight(g, words, 8), 'float32');
  return g.reshape(g.mul(numbers, g.scalar(2 ** -24)), shape);
}

/**
 * The standard normal numbers of a key, float32: those of `normals` of `@x/trainer-core` but for rounding, since they
 * are computed in float32 (Box and Muller, 1958).
 *
 * @param radiusKey uint32 of shape [1]: `combine(key, 1)`.
 * @param angleKey uint32 of shape [1]: `combine(key, 2)`.
 */
export function normalValue(g: Builder, radiusKey: Value, angleKey: Value, shape: readonly number[]): Value {
  const complement = g.sub(g.scalar(1), uniformValue(g, radiusKey, shape));
  const radius = g.unary('Sqrt', g.mul(g.unary('Log', complement), g.scalar(-2)));
  return g.mul(radius, cosineOfTurns(g, uniformValue(g, angleKey, shape)));
}

/**
 * cos(2 pi u) for u in [0, 1), as sin(2 pi (|u - 1/2| - 1/4)): both subtractions are exact, and the argument is at most
 * pi / 2 in magnitude, so that its rounding costs little.
 */
function cosineOfTurns(g: Builder, u: Value): Value {
  const turns = g.sub(g.unary('Abs', g.sub(u, g.scalar(0.5))), g.scalar(0.25));
  return g.unary('Sin', g.mul(turns, g.scalar(2 * Math.PI)));
}

function placeHashes(g: Builder, size: number): Value {
  if (size <= LARGEST_TABLE)
    return g.constant(
      Uint32Array.from({ length: size }, (_, i) => hash32(i)),
      [size],
      'uint32',
    );
  const [first, end, step] = [0, size, 1].map((number) => g.scalar(number, 'int32')) as [Value, Value, Value];
  return hash(g, g.cast(g.op('Range', [first, end, step], {}, [size], 'int32'), 'uint32'));
}

/** `hash32` of every element. */
function hash(g: Builder, words: Value): Value {
  const once = multiply(g, xor(g, words, shiftRight(g, words, 16)), 0x7feb352d);
  const twice = multiply(g, xor(g, once, shiftRight(g, once, 15)), 0x846ca68b);
  return xor(g, twice, shiftRight(g, twice, 16));
}

// Written as nodes: what simplifies numbers elsewhere does not know the arithmetic of 32-bit words.

function xor(g: Builder, a: Value, b: Value): Value {
  return g.op('BitwiseXor', [a, b], {}, a.shape, 'uint32');
}

function shiftRight(g: Builder, words: Value, bits: number): Value {
  return g.op('BitShift', [words, g.scalar(bits, 'uint32')], { direction: 'RIGHT' }, words.shape, 'uint32');
}

function multiply(g: Builder, words: Value, factor: number): Value {
  return g.op('Mul', [words, g.scalar(factor, 'uint32')], {}, words.shape, 'uint32');
}
