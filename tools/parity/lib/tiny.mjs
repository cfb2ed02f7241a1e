// What train_command.json trains, as a plugin: the reader `tiny`, the model `tiny_clf`, and a callback that breaks off.
import fs from 'node:fs/promises';

import * as tf from '@tensorflow/tfjs-core';
import {
  DatasetReader,
  definePlugin,
  EpochCallback,
  inject,
  InterruptedError,
  Model,
  tokenOf,
  Vocabulary,
} from '@x/trainer-core';
import { z } from 'zod';

import { accuracy, crossEntropy, linear } from './models.mjs';

/** Lines of numbers and a label. Everything is read at once, with `lazy` too. */
class TinyReader extends DatasetReader {
  namespaces = { label: 'labels' };

  async *read(path) {
    const lines = (await fs.readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
    for (const line of lines) {
      const words = line.trim().split(/\s+/);
      yield { x: words.slice(0, -1).map(Number), label: words.at(-1) };
    }
  }
}
DatasetReader.register('tiny', z.strictObject({ lazy: z.boolean().default(false) }))(TinyReader);

/** One linear layer whose weights start at 0.1 and whose bias starts at 0. */
class TinyClassifier extends Model {
  metrics = [accuracy()];

  constructor({ nIn }, vocabulary) {
    super();
    const size = vocabulary.size('labels');
    this.weights = tf.tidy(() => ({
      'lin.weight': tf.variable(tf.fill([size, nIn], 0.1)),
      'lin.bias': tf.variable(tf.zeros([size])),
    }));
  }

  namedVariables() {
    return this.weights;
  }

  forward({ x, label }) {
    const logits = linear(x, this.weights, 'lin');
    return { logits, loss: tf.mean(crossEntropy(logits, label)), batch_size: tf.scalar(x.shape[0]) };
  }
}
inject(tokenOf(Vocabulary))(TinyClassifier, undefined, 1);
Model.register('tiny_clf', z.strictObject({ nIn: z.int() }))(TinyClassifier);

/** Ends a run at the end of an epoch, as Ctrl-C does. */
class Interrupt extends EpochCallback {
  constructor({ at }) {
    super();
    this.at = at;
  }

  onEpoch(_trainer, { epoch }) {
    if (epoch === this.at) throw new InterruptedError('interrupted, as the fixture says', 'SIGINT');
  }
}
EpochCallback.register('interrupt', z.strictObject({ at: z.int() }))(Interrupt);

export default definePlugin({ name: 'tiny', provides: [TinyReader, TinyClassifier, Interrupt] });
