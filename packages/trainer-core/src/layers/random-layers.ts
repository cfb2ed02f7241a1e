import * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

import { log } from '../log.js';
import { dropout, randomNormal, randomUniform } from '../random/step-random.js';

type Layer = tfl.layers.Layer;
type Draw = (input: tf.Tensor) => tf.Tensor;
type Call = (inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>) => tf.Tensor | tf.Tensor[];

/** The parts of tfjs's random layers that are used here; tfjs declares them private. */
interface RandomLayer {
  call: Call;
  readonly rate: number;
  readonly stddev: number;
  readonly noiseShape?: readonly number[];
  getNoiseShape(input: tf.Tensor): readonly number[] | null | undefined;
  invokeCallHook(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): void;
}

/** A recurrent cell. */
interface RecurrentCell {
  dropoutFunc?: ((x: tf.Tensor, rate: number) => tf.Tensor) | null;
  dropoutMask?: tf.Tensor | tf.Tensor[] | null;
  recurrentDropoutMask?: tf.Tensor | tf.Tensor[] | null;
}

/** What each of tfjs's noise layers does in training, drawn from the step's own generator. */
const DRAWS: Readonly<Record<string, (layer: RandomLayer) => Draw>> = {
  Dropout: dropoutOf,
  SpatialDropout1D: dropoutOf,
  GaussianNoise: (layer) => (x) => tf.add(x, randomNormal(x.shape, 0, layer.stddev)),
  GaussianDropout: (layer) => (x) => tf.mul(x, randomNormal(x.shape, 1, Math.sqrt(layer.rate / (1 - layer.rate)))),
  AlphaDropout: (layer) => (x) => alphaDropout(x, layer.rate, layer.noiseShape ?? x.shape),
};

function dropoutOf(layer: RandomLayer): Draw {
  return (x) => dropout(x, layer.rate, layer.getNoiseShape(x) ?? x.shape);
}

/** Dropout that keeps mean and variance of self-normalizing activations (Klambauer et al., 2017). */
function alphaDropout(x: tf.Tensor, rate: number, noiseShape: readonly number[]): tf.Tensor {
  const dropped = -1.6732632423543772 * 1.0507009873554805;
  const kept = tf.cast(tf.greaterEqual(randomUniform(noiseShape), rate), 'float32');
  const scale = ((1 - rate) * (1 + rate * dropped ** 2)) ** -0.5;
  const mixed = tf.add(tf.mul(x, kept), tf.mul(tf.sub(1, kept), dropped));
  return tf.add(tf.mul(mixed, scale), -scale * dropped * rate);
}

const DONE = Symbol.for('@x/trainer-core:drawsFromStep');

/**
 * Makes tfjs's dropout and noise layers, and the dropout of recurrent cells, draw from the generator of the step in
 * training, so that a run repeats and resumes bit for bit. Inference is untouched, and a layer is changed only once.
 */
export function drawFromStep(layers: readonly Layer[]): void {
  for (const layer of layers) {
    if (DONE in layer) continue;
    Object.defineProperty(layer, DONE, { value: true });
    const random = layer as unknown as RandomLayer;
    const draw = DRAWS[layer.getClassName()]?.(random);
    if (draw !== undefined && isActive(random)) replaceTrainingCall(random, draw);
    if ('dropoutFunc' in layer) (layer as RecurrentCell).dropoutFunc ??= dropout;
    if ('randomGenerator' in layer) {
      log.warn(
        `layer "${layer.name}" (${layer.getClassName()}) draws from tfjs's own generator: runs with it do not repeat exactly`,
      );
    }
  }
}

/** tfjs passes its input through at rate 0 and 1. */
function isActive({ rate }: RandomLayer): boolean {
  return rate === undefined || (rate > 0 && rate < 1);
}

function replaceTrainingCall(layer: RandomLayer, draw: Draw): void {
  const original: Call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    if (kwargs['training'] !== true) return original(inputs, kwargs);
    layer.invokeCallHook(inputs, kwargs);
    return tf.tidy(() => draw(Array.isArray(inputs) ? inputs[0]! : inputs));
  };
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
