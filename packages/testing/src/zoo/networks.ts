import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Batch, ForwardMode, ModelLike, Outputs } from '@x/trainer-core';
import { fromLayersModel } from '@x/trainer-core/layers';
import type { LayersModelAdapter } from '@x/trainer-core/layers';

/** A network to be applied: its outputs in order. */
export type Network = (x: tf.Tensor) => readonly tf.Tensor[];

/** What several networks are trained for: their outputs become a loss. */
export type Objective<Name extends string> = (
  networks: Readonly<Record<Name, Network>>,
  batch: Batch,
) => Readonly<Outputs>;

/** Several layers models trained as one; weights are named after their network. */
export class Networks<Name extends string> implements ModelLike {
  private readonly adapters: Readonly<Record<Name, LayersModelAdapter>>;

  /** @param frozen those whose weights training leaves as they are. */
  constructor(
    models: Readonly<Record<Name, tfl.LayersModel>>,
    private readonly objective: Objective<Name>,
    frozen: readonly NoInfer<Name>[] = [],
  ) {
    const entries = Object.entries<tfl.LayersModel>(models);
    this.adapters = Object.fromEntries(entries.map(([name, model]) => [name, fromLayersModel(model)])) as Record<
      Name,
      LayersModelAdapter
    >;
    for (const name of frozen) {
      for (const variable of Object.values(this.adapters[name].namedVariables())) variable.trainable = false;
    }
  }

  forward(batch: Batch, mode: ForwardMode): Outputs {
    const networks = this.each(
      (adapter): Network =>
        (x) =>
          Object.values(adapter.forward({ x }, mode)),
    );
    return this.objective(networks, batch);
  }

  namedVariables(): Record<string, tf.Variable> {
    return this.named((adapter) => adapter.namedVariables());
  }

  namedBuffers(): Record<string, tf.Variable> {
    return this.named((adapter) => adapter.namedBuffers());
  }

  /** Frees the networks. */
  dispose(): void {
    this.each((adapter) => adapter.dispose());
  }

  private each<R>(make: (adapter: LayersModelAdapter) => R): Record<Name, R> {
    const entries = Object.entries<LayersModelAdapter>(this.adapters);
    return Object.fromEntries(entries.map(([name, adapter]) => [name, make(adapter)])) as Record<Name, R>;
  }

  private named(
    variables: (adapter: LayersModelAdapter) => Readonly<Record<string, tf.Variable>>,
  ): Record<string, tf.Variable> {
    return Object.fromEntries(
      Object.entries<LayersModelAdapter>(this.adapters).flatMap(([network, adapter]) =>
        Object.entries(variables(adapter)).map(([name, variable]) => [`${network}/${name}`, variable]),
      ),
    );
  }
}

/** The value as it is; the gradient with its sign turned, so that what is before it climbs (Ganin & Lempitsky, 2015). */
export const reversedGradient: (x: tf.Tensor) => tf.Tensor = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (gradient: tf.Tensor) => tf.neg(gradient),
}));
