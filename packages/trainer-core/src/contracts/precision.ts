import type * as tf from '@tensorflow/tfjs-core';

import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** In which precision a step computes, and how its loss is scaled so that small gradients survive. */
export abstract class Precision implements Stateful {
  static readonly kind: string = 'precision';
  static readonly register: Register<Precision> = registerFor('precision');

  /** The factor on the loss of the next step; 1 means that nothing is scaled. */
  abstract readonly lossScale: number;

  /** Whether a step with non-finite gradients is skipped (and told to {@link stepFinished}) instead of applied. */
  abstract readonly skipsNonFinite: boolean;

  /** Runs a model's forward pass in this precision. Synchronous, inside a program. */
  abstract forward<T>(compute: () => T): T;

  /** A gradient of the scaled loss, unscaled. Inside a program. */
  abstract unscale(gradient: tf.Tensor, lossScale: tf.Scalar): tf.Tensor;

  /** Told after every step whether its gradients were finite and it was committed. */
  abstract stepFinished(committed: boolean): void;

  abstract stateDict(): StateDict;
  abstract loadStateDict(state: StateDict): void;
}
