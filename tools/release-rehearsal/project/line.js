// A user's own model and reader, in plain JavaScript: y = wx + b, and points in a JSON file.
import fs from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { DatasetReader, definePlugin, Model } from '@x/trainer-core';

class Line extends Model {
  weights = { w: tf.variable(tf.zeros([1, 1])), b: tf.variable(tf.zeros([1])) };

  namedVariables() {
    return this.weights;
  }

  forward({ x, y }) {
    const { w, b } = this.weights;
    return { loss: tf.losses.meanSquaredError(y, tf.add(tf.matMul(x, w), b)) };
  }
}
Model.register('line')(Line);

class Points extends DatasetReader {
  read(path) {
    return JSON.parse(fs.readFileSync(path, 'utf8'));
  }
}
DatasetReader.register('points')(Points);

export default definePlugin({ name: 'user-project', provides: [Line, Points] });
