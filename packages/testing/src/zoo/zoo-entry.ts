import type { Batch, ModelLike } from '@x/trainer-core';

/** A model of the zoo with its data. */
export interface ZooModel {
  readonly model: ModelLike & { dispose(): void };
  /** The batch of a step (0-based): the same tensors each time, which the caller disposes. */
  readonly batch: (step: number) => Batch;
}

/** A kind of model that engines are tried with. */
export interface ZooEntry {
  readonly name: string;
  /** Makes one with the same weights each time. The caller disposes the model. */
  make(): ZooModel;
  /**
   * Weights that the loss does not depend on, though its formula does, such as a bias before batch normalisation: their
   * gradients are rounding errors, which optimizers that divide by the gradient's size turn into whole steps. With them
   * come the statistics that follow such a weight.
   */
  readonly withoutGradient?: readonly string[];
  /** The trainer's option `gradNorm`. */
  readonly gradNorm?: number;
  /** Whether its weights are averaged over training. */
  readonly averaged?: boolean;
}
