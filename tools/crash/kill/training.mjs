// A user's training run: `node training.mjs <folder> <size of a buffer>`. It says on standard output, at once, after which step
// it begins, which steps are saved, and what everything is in the end.
import { createHash } from 'node:crypto';
import fs from 'node:fs';

import * as tf from '@tensorflow/tfjs';
import { DefaultCheckpointer } from '@x/checkpoint';
import { Adam } from '@x/optim';
import { GradientDescentTrainer, ParameterSet, TrainerCallback } from '@x/trainer-core';

import { batches, Network } from './network.mjs';

const say = (line) => fs.writeSync(1, `${line}\n`);

class Reporter extends TrainerCallback {
  onRunStart({ batchNumTotal }) {
    say(`begins after ${batchNumTotal}`);
  }

  onCheckpoint(_, { batchNumTotal }) {
    say(`saved ${batchNumTotal}`);
  }
}

const [folder, size] = process.argv.slice(2);
const model = new Network(Number(size));
const trainer = new GradientDescentTrainer({
  model,
  optimizer: new Adam({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
  dataLoader: batches(),
  checkpointer: new DefaultCheckpointer({ saveEveryNumBatches: 1 }, folder),
  callbacks: [new Reporter()],
  numEpochs: 3,
  serializationDir: folder,
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
