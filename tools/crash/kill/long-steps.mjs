// A user's training run that ends when it is told to: `node long-steps.mjs <folder> <milliseconds> <busy | waiting>`. Every
// step takes that long, and either keeps the process busy or waits for something.
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { DefaultCheckpointer } from '@x/checkpoint';
import { Adam } from '@x/optim';
import { GradientDescentTrainer, InterruptedError, ParameterSet, TrainerCallback } from '@x/trainer-core';

import { batches, Network } from './network.mjs';

const [folder, milliseconds, how] = process.argv.slice(2);
const say = (line) => fs.writeSync(1, `${line}\n`);

class Reporter extends TrainerCallback {
  onRunStart({ batchNumTotal }) {
    say(`begins after ${batchNumTotal}`);
  }

  async onStepStart({ batchNumTotal }) {
    say(`step ${batchNumTotal + 1}`);
    if (how === 'waiting') await delay(Number(milliseconds));
    else for (const start = performance.now(); performance.now() < start + Number(milliseconds););
  }

  onCheckpoint(_, { batchNumTotal }) {
    say(`saved ${batchNumTotal}`);
  }
}

const model = new Network();
const trainer = new GradientDescentTrainer({
  model,
  optimizer: new Adam({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
  dataLoader: batches(),
  checkpointer: new DefaultCheckpointer({}, folder),
  callbacks: [new Reporter()],
  numEpochs: 1000,
  serializationDir: folder,
});
try {
  await trainer.train({ signals: true });
} catch (error) {
  if (!(error instanceof InterruptedError)) throw error;
  process.exitCode = { SIGTERM: 143, SIGINT: 130 }[error.reason];
}
