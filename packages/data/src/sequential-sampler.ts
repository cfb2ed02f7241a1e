import { Sampler } from '@x/trainer-core';

/** The examples in their own order, every epoch. */
@Sampler.register('sequential')
export class SequentialSampler extends Sampler {
  override indices(size: number): Uint32Array {
    return Uint32Array.from({ length: size }, (_, i) => i);
  }
}
