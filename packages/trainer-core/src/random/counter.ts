/**
 * A counter-based generator: the number at a place is a hash of the place, so nothing has to be stored to go on, and any
 * part of a sequence can be made without the rest. The hash is `lowbias32`, a bijection of 32-bit words found by
 * C. Wellons ("Prospecting for Hash Functions", 2018) to have low bias in every output bit. Not for cryptography.
 */
export function hash32(word: number): number {
  let x = word | 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** One 32-bit key from several whole numbers; their order matters. */
export function combine(...words: readonly number[]): number {
  return words.reduce((key, word) => hash32(key ^ hash32((word >>> 0) + 0x9e3779b9)), 0x2545f491);
}

/** The 32-bit key of a name (FNV-1a over its UTF-16 units, then mixed). */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash32(hash);
}

/** The `index`-th uniform number of a key, in [0, 1), on the grid of 2^-24: exact in float32. */
export function uniformAt(key: number, index: number): number {
  return (hash32(key ^ hash32(index)) >>> 8) / 0x1000000;
}

/** `size` uniform numbers in [0, 1) of a key. */
export function uniforms(key: number, size: number): Float32Array {
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = uniformAt(key, i);
  return values;
}

/** `size` standard normal numbers of a key (Box-Muller, 1958, on two independent keys). */
export function normals(key: number, size: number): Float32Array {
  const radiusKey = combine(key, 1);
  const angleKey = combine(key, 2);
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniformAt(radiusKey, i)));
    values[i] = radius * Math.cos(2 * Math.PI * uniformAt(angleKey, i));
  }
  return values;
}

/** A permutation of 0 to size - 1 of a key (Fisher-Yates). */
export function permutation(key: number, size: number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(uniformAt(key, i) * (i + 1));
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  return order;
}
