import { token } from '../plugins/tokens.js';
import type { Token } from '../plugins/tokens.js';
import { combine, hashName, normals, permutation, uniforms } from './counter.js';

/** Random numbers of one purpose. Every method is a pure function of the stream and its argument. */
export class RandomStream {
  constructor(readonly key: number) {}

  /** The stream of a part of the purpose: of an epoch, of a weight. */
  at(part: number | string): RandomStream {
    return new RandomStream(combine(this.key, typeof part === 'string' ? hashName(part) : part));
  }

  /** Uniform in [0, 1). */
  uniforms(size: number): Float32Array {
    return uniforms(this.key, size);
  }

  /** Mean 0, standard deviation 1. */
  normals(size: number): Float32Array {
    return normals(this.key, size);
  }

  /** A random order of 0 to size - 1. */
  permutation(size: number): Uint32Array {
    return permutation(this.key, size);
  }
}

/** The random numbers of a run: one stream per purpose, all of them functions of one seed. */
export class RandomStreams {
  /** @param seed a whole number; it is all that has to be saved. */
  constructor(readonly seed: number) {}

  /** The stream of a purpose such as `shuffle` or `initialization`. */
  stream(name: string): RandomStream {
    return new RandomStream(combine(this.seed, hashName(name)));
  }
}

/** The token of the run's streams. */
export const RandomStreamsToken: Token<RandomStreams> = token('@x/trainer-core:RandomStreams');

/** The seed that is used where none is given: the original's. */
export const DEFAULT_SEED = 13370;
