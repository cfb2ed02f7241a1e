import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

import { log } from '../log.js';

type Layer = tfl.layers.Layer;
type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>) => tf.Tensor | tf.Tensor[];

/** The parts of tfjs's `AlphaDropout` that are used here; tfjs declares them private. */
interface AlphaDropout {
  call: Call;
  readonly rate: number;
  readonly noiseShape?: readonly number[];
  invokeCallHook(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): void;
}

/** A layer that counts its own seeds, such as `RandomWidth`. */
interface SeededLayer {
  readonly randomGenerator: { readonly seed?: number };
}

/** A recurrent cell. */
interface RecurrentCell {
  dropoutMask?: tf.Tensor | tf.Tensor[] | null;
  recurrentDropoutMask?: tf.Tensor | tf.Tensor[] | null;
}

const DONE = Symbol.for('@x/trainer-core:adaptedRandomLayer');

/**
 * Corrects tfjs's `AlphaDropout`, and warns of layers whose random numbers do not resume. Other random layers are right
 * as they are: inside a step they draw from its generator. A layer is changed only once.
 */
export function adaptRandomLayers(layers: readonly Layer[]): void {
  for (const layer of layers) {
    if (DONE in layer) continue;
    Object.defineProperty(layer, DONE, { value: true });
    if (layer.getClassName() === 'AlphaDropout') correct(layer as unknown as AlphaDropout);
    if ('randomGenerator' in layer && (layer as unknown as SeededLayer).randomGenerator.seed !== undefined) {
      log.warn(
        `layer "${layer.name}" (${layer.getClassName()}) counts its own seeds: runs with it do not resume exactly; leave out its seed`,
      );
    }
  }
}

/** tfjs 4.22 sets what it drops to the negative of the value that keeps mean and variance. */
function correct(layer: AlphaDropout): void {
  const { rate } = layer;
  if (!(rate > 0 && rate < 1)) return;
  const original: Call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    if (kwargs['training'] !== true) return original(inputs, kwargs);
    layer.invokeCallHook(inputs, kwargs);
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => alphaDropout(x, rate, layer.noiseShape ?? x.shape));
  };
}

/** Dropout that keeps mean and variance of self-normalizing activations (Klambauer et al., 2017). */
function alphaDropout(x: tf.Tensor, rate: number, noiseShape: readonly number[]): tf.Tensor {
  const dropped = -1.6732632423543772 * 1.0507009873554805;
  const kept = tf.cast(tf.greaterEqual(tf.randomUniform([...noiseShape]), rate), 'float32');
  const scale = ((1 - rate) * (1 + rate * dropped ** 2)) ** -0.5;
  const mixed = tf.add(tf.mul(x, kept), tf.mul(tf.sub(1, kept), dropped));
  return tf.add(tf.mul(mixed, scale), -scale * dropped * rate);
}

/**
 * Frees the masks that recurrent cells keep from a pass to the next. tfjs renews them in some recurrent layers only; a
 * kept one would be memory that nobody frees, and a mask of an earlier step.
 */
export function releaseDropoutMasks(layers: readonly Layer[]): void {
  for (const layer of layers) {
    if (!('dropoutMask' in layer)) continue;
    const cell = layer as RecurrentCell;
    tf.dispose([cell.dropoutMask ?? [], cell.recurrentDropoutMask ?? []]);
    cell.dropoutMask = null;
    cell.recurrentDropoutMask = null;
  }
}
