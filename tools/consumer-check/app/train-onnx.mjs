// y = 2x - 1, learned by steps that are compiled onto ONNX Runtime.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { functionalModel, GradientDescentTrainer, ParameterSet } from '@x/trainer-core';
import { OnnxEngine } from '@x/engine-onnx';
import { AdamW } from '@x/optim';

const model = functionalModel({
  init: () => ({ w: tf.zeros([1, 1]), b: tf.zeros([1]) }),
  forward: ({ w, b }, { x, y }) => ({ loss: tf.losses.meanSquaredError(y, tf.add(tf.matMul(x, w), b)) }),
});
const trainer = new GradientDescentTrainer({
  model,
  optimizer: new AdamW({ lr: 0.1 }, ParameterSet.of(model.namedVariables())),
  dataLoader: [{ x: tf.tensor2d([[0], [1], [2], [3]]), y: tf.tensor2d([[-1], [1], [3], [5]]) }],
  engine: new OnnxEngine({ onFailure: 'error' }),
  numEpochs: 200,
});
const metrics = await trainer.train();
console.log(`loss ${metrics.training_loss}`);
