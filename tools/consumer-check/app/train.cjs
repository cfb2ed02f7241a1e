// y = 2x - 1, learned in CommonJS.
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-layers');
require('@tensorflow/tfjs-backend-cpu');
const { functionalModel, GradientDescentTrainer, ParameterSet } = require('@x/trainer-core');
const { AdamW } = require('@x/optim');

const model = functionalModel({
  init: () => ({ w: tf.zeros([1, 1]), b: tf.zeros([1]) }),
  forward: ({ w, b }, { x, y }) => ({ loss: tf.losses.meanSquaredError(y, tf.add(tf.matMul(x, w), b)) }),
});
const trainer = new GradientDescentTrainer({
  model,
  optimizer: new AdamW({ lr: 0.1 }, ParameterSet.of(model.namedVariables())),
  dataLoader: [{ x: tf.tensor2d([[0], [1], [2], [3]]), y: tf.tensor2d([[-1], [1], [3], [5]]) }],
  numEpochs: 200,
});
trainer.train().then((metrics) => console.log(`loss ${metrics.training_loss}`));
