// y = 2x - 1, learned in strict TypeScript.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { functionalModel, GradientDescentTrainer, ParameterSet } from '@x/trainer-core';
import type { Batch, TrainingMetrics } from '@x/trainer-core';
import { AdamW } from '@x/optim';

const model = functionalModel({
  init: () => ({ w: tf.zeros([1, 1]), b: tf.zeros([1]) }),
  forward: ({ w, b }, { x, y }) => {
    const predictions = tf.add(tf.matMul(x as tf.Tensor2D, w), b);
    return { loss: tf.losses.meanSquaredError(y as tf.Tensor2D, predictions), predictions };
  },
});
const batches: Batch[] = [{ x: tf.tensor2d([[0], [1], [2], [3]]), y: tf.tensor2d([[-1], [1], [3], [5]]) }];

const trainer: GradientDescentTrainer = new GradientDescentTrainer({
  model,
  optimizer: new AdamW({ lr: 0.1 }, ParameterSet.of(model.namedVariables())),
  dataLoader: batches,
  numEpochs: 200,
});
const metrics: TrainingMetrics = await trainer.train();
console.log(`loss ${metrics['training_loss']}`);
