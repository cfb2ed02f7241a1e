// A user's training run: `node training.mjs <folder> <hidden units>`. It says on standard output, at once, after which step
// it begins, which steps are saved, and what everything is in the end.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

import * as tf from '@tensorflow/tfjs';
import { DefaultCheckpointer } from '@x/checkpoint';
import { dataLoader } from '@x/data';
import { Adam } from '@x/optim';
import { dropout, GradientDescentTrainer, ParameterSet, TrainerCallback } from '@x/trainer-core';

const FEATURES = 8;
const say = (line) => fs.writeSync(1, `${line}\n`);

/** Two dense layers with dropout between them. */
class Network {
  variables = {};

  constructor(hidden) {
    for (const [name, shape] of Object.entries({ first: [FEATURES, hidden], bias: [hidden], second: [hidden, 1] })) {
      const size = shape.reduce((product, length) => product * length, 1);
      const values = Float32Array.from({ length: size }, (_, i) => 0.3 * Math.sin(name.length + i));
      this.variables[name] = tf.variable(tf.tensor(values, shape));
    }
  }

  namedVariables() {
    return this.variables;
  }

  forward({ x, y }, { training }) {
    const { first, bias, second } = this.variables;
    const hidden = tf.tanh(tf.add(tf.matMul(x, first), bias));
    const prediction = tf.squeeze(tf.matMul(training ? dropout(hidden, 0.3) : hidden, second), [1]);
    return { prediction, loss: tf.mean(tf.square(tf.sub(prediction, y))) };
  }
}

class Reporter extends TrainerCallback {
  onRunStart({ batchNumTotal }) {
    say(`begins after ${batchNumTotal}`);
  }

  onCheckpoint(_, { batchNumTotal }) {
    say(`saved ${batchNumTotal}`);
  }
}

const instances = Array.from({ length: 24 }, (_, i) => {
  const x = Array.from({ length: FEATURES }, (_, k) => Math.sin(i * (k + 1)));
  return { x, y: x[0] * x[1] - x[2] };
});

const [folder, hidden] = process.argv.slice(2);
const model = new Network(Number(hidden));
const trainer = new GradientDescentTrainer({
  model,
  optimizer: new Adam({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
  dataLoader: dataLoader(instances, { batchSize: 4, shuffle: true, seed: 5 }),
  checkpointer: new DefaultCheckpointer({ saveEveryNumBatches: 1 }, folder),
  callbacks: [new Reporter()],
  numEpochs: 4,
});
await trainer.train();

const { modelState, trainingState } = trainer.getCheckpointState();
say(`ends after ${trainer.batchNumTotal} with ${hashOf([modelState, trainingState.optimizer])}`);

/** A hash of all tensors in something, and of where they are. */
function hashOf(state, hash = createHash('sha256')) {
  for (const [key, value] of Object.entries(state)) {
    hash.update(`${key}:`);
    if (value instanceof tf.Tensor) hash.update(value.dataSync());
    else if (typeof value === 'object' && value !== null) hashOf(value, hash);
  }
  return hash.copy().digest('hex');
}
