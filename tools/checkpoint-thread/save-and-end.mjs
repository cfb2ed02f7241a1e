// Saves a checkpoint in the folder that is given, and waits for nothing.
import * as tf from '@tensorflow/tfjs';
import { DefaultCheckpointer } from '@x/checkpoint';
import { CheckpointState } from '@x/trainer-core';

const run = {
  getCheckpointState: () => new CheckpointState({ w: tf.fill([512, 512], 1) }, { m: tf.fill([512, 512], 2) }),
};
const position = { epoch: 0, batchesThisEpoch: 0, batchNumTotal: 1 };
await new DefaultCheckpointer({}, process.argv[2]).saveCheckpoint(run, position);
