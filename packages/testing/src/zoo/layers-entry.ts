import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';
import type { Batch, RandomStream } from '@x/trainer-core';
import { RandomStreams } from '@x/trainer-core';
import { fromLayersModel } from '@x/trainer-core/layers';
import type { LayersModelOptions } from '@x/trainer-core/layers';

import { SeededLayers } from './seeded-layers.js';
import type { ZooEntry } from './zoo-entry.js';

const SEED = 11;

export interface LayersEntryOptions extends Omit<ZooEntry, 'make'> {
  readonly build: (layers: SeededLayers) => tfl.LayersModel;
  /** A name of tfjs's, or a function of (labels, predictions). */
  readonly loss: string | ((labels: tf.Tensor, predictions: tf.Tensor) => tf.Tensor);
  readonly metrics?: LayersModelOptions['metrics'];
  /** Draws a batch `{ x, y }`. */
  readonly draw: (random: RandomStream) => Batch;
}

/** An entry whose model is one tfjs layers model. */
export function layersEntry({ build, loss, metrics, draw, ...entry }: LayersEntryOptions): ZooEntry {
  return {
    ...entry,
    make: () => ({
      model: fromLayersModel(build(new SeededLayers()), { loss, metrics }),
      batch: batches(entry.name, draw),
    }),
  };
}

/** The batches of a zoo entry: each drawn from random numbers of its own. */
export function batches(name: string, draw: (random: RandomStream) => Batch): (step: number) => Batch {
  const random = new RandomStreams(SEED).stream(name);
  return (step) => draw(random.at(step));
}
