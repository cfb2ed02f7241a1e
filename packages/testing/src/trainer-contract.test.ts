import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer, TrainingMetrics } from '@x/trainer-core';
import { CheckpointState, GradientDescentTrainer, ParameterSet } from '@x/trainer-core';

import type { TrainerParts } from './index.js';
import { contractReport, MomentumDescent, trainerContract } from './index.js';

type Class = typeof GradientDescentTrainer;

function makeAs(
  Trainer: Class,
  compatibility: 'allennlp-2' | null = null,
): (parts: TrainerParts) => GradientDescentTrainer {
  return ({ model, batches, numEpochs, checkpointer }) => {
    const optimizer: Optimizer = new MomentumDescent(
      { lr: 0.05, momentum: 0.5 },
      ParameterSet.of(model.namedVariables()),
    );
    return new Trainer({ model, optimizer, dataLoader: batches, numEpochs, checkpointer, compatibility });
  };
}

const dispose = (trainer: { readonly optimizer: Optimizer }): void => trainer.optimizer.dispose();

trainerContract(
  { describe, it },
  {
    name: 'GradientDescentTrainer',
    make: makeAs(GradientDescentTrainer),
    dispose: (trainer) => dispose(trainer as GradientDescentTrainer),
  },
);

trainerContract(
  { describe, it },
  {
    name: 'GradientDescentTrainer by the rules of 2.10',
    make: makeAs(GradientDescentTrainer, 'allennlp-2'),
    dispose: (trainer) => dispose(trainer as GradientDescentTrainer),
  },
);

class Idle extends GradientDescentTrainer {
  override async train(): Promise<TrainingMetrics> {
    return { best_epoch: 0 };
  }
}

class Forgetful extends GradientDescentTrainer {
  override getCheckpointState(): CheckpointState {
    const { modelState, trainingState } = super.getCheckpointState();
    const { optimizer, ...rest } = trainingState;
    tf.dispose(optimizer as tf.TensorContainer);
    return new CheckpointState(modelState, rest);
  }
}

class Lending extends GradientDescentTrainer {
  override getCheckpointState(): CheckpointState {
    const { modelState, trainingState } = super.getCheckpointState();
    tf.dispose(modelState);
    return new CheckpointState(this.model.namedVariables(), trainingState);
  }
}

class Unstoppable extends GradientDescentTrainer {
  override train(): Promise<TrainingMetrics> {
    return super.train();
  }
}

class Leaky extends GradientDescentTrainer {
  override batchOutputs(...batch: Parameters<GradientDescentTrainer['batchOutputs']>): Record<string, tf.Tensor> {
    tf.keep(tf.scalar(1));
    return super.batchOutputs(...batch);
  }
}

let runs = 0;
class Moody extends GradientDescentTrainer {
  override train(): Promise<TrainingMetrics> {
    runs += 1;
    for (const { options } of this.optimizer.groups) options['lr'] = 0.05 / runs;
    return super.train();
  }
}

it.each<[Class, string]>([
  [Idle, 'fits the model, and returns metrics'],
  [Forgetful, 'goes on from a checkpoint after an epoch as if it had not stopped, bit for bit'],
  [Forgetful, 'stops when it is told to, saves first, and goes on from there, bit for bit'],
  [Lending, 'gives a state that holds every weight, and does not change when training goes on'],
  [Lending, 'is saved by any checkpointer, through its state alone'],
  [Unstoppable, 'stops when it is told to, saves first, and goes on from there, bit for bit'],
  [Leaky, 'frees what it made when the model fails'],
  [Moody, 'trains in the same way every time, bit for bit'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    trainerContract(runner, {
      name: 'broken',
      make: makeAs(Broken),
      dispose: (trainer) => dispose(trainer as GradientDescentTrainer),
    }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
