// What a user writes beside a config, in plain JavaScript: a model and a reader.
import * as tf from '@tensorflow/tfjs-core';
import { DatasetReader, definePlugin, inject, Model, Optimizer } from '@x/trainer-core';
import { z } from 'zod';

/** y = w x, with a step that takes some time so that a signal finds it at work. */
class Line extends Model {
  constructor({ loss, milliseconds }) {
    super();
    this.kind = loss;
    this.milliseconds = milliseconds;
    this.weights = { w: tf.variable(tf.scalar(0)) };
  }

  namedVariables() {
    return this.weights;
  }

  forward({ x, y }) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.milliseconds);
    const prediction = tf.mul(x, this.weights.w);
    if (this.kind === 'none' || y === undefined) return { prediction };
    const loss = tf.mean(tf.square(tf.sub(prediction, y)));
    return { prediction, loss: this.kind === 'nan' ? tf.mul(loss, Number.NaN) : loss };
  }
}
Model.register(
  'line',
  z.strictObject({ loss: z.enum(['squared', 'none', 'nan']).default('squared'), milliseconds: z.number().default(0) }),
)(Line);

/** As many points of y = 2 x as the path says. */
class Points extends DatasetReader {
  *read(path) {
    const count = Number(path.split('/').at(-1));
    for (let i = 0; i < count; i++) yield { x: (i % 10) / 10, y: (i % 10) / 5 };
  }
}
DatasetReader.register('points')(Points);

/** Two optimizers that need each other. */
class Circular extends Optimizer {}
inject(Optimizer)(Circular, undefined, 1);
Optimizer.register('circular', z.strictObject({}))(Circular);

export default definePlugin({ name: 'fixture', provides: [Line, Points, Circular] });
