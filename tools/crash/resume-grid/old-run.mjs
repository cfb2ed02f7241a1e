import { DefaultCheckpointer } from '@x/checkpoint';
import { dataLoader } from '@x/data';
import { Adam, ExponentialMovingAverage } from '@x/optim';
import { ReduceOnPlateau } from '@x/schedulers';
import { GradientDescentTrainer, ParameterSet, TrainerCallback } from '@x/trainer-core';

import { instances, SmallModel } from './model.mjs';

/**
 * The run of the stored checkpoints: Adam, an average, dropout, a schedule, shuffled batches, accumulation; three epochs of
 * four steps. It never changes: what is stored was saved by it.
 *
 * @param folder where its checkpoints are.
 * @param stopAfter the step after which it is interrupted.
 */
export function startOldRun(folder, stopAfter = Infinity) {
  const model = new SmallModel(0.25);
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = new Adam({ lr: 0.02 }, parameters);
  const controller = new AbortController();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer,
    dataLoader: dataLoader(instances(32), { batchSize: 4, shuffle: true, seed: 5 }),
    validationDataLoader: dataLoader(instances(8), { batchSize: 4 }),
    movingAverage: new ExponentialMovingAverage({ decay: 0.9 }, parameters),
    learningRateScheduler: new ReduceOnPlateau({ factor: 0.5, patience: 0 }, optimizer),
    checkpointer: new DefaultCheckpointer({}, folder),
    numGradientAccumulationSteps: 2,
    numEpochs: 3,
    checkpointAt: 'beforeCallbacks',
    callbacks: [new AbortAfter(stopAfter, controller)],
  });
  return { model, trainer, signal: controller.signal };
}

class AbortAfter extends TrainerCallback {
  constructor(step, controller) {
    super();
    Object.assign(this, { step, controller });
  }

  onStepEnd({ batchNumTotal }) {
    if (batchNumTotal === this.step) this.controller.abort();
  }
}

/** The weights by name, as numbers that JSON holds exactly. */
export async function weightsOf(model) {
  const weights = { ...model.namedVariables(), ...model.namedBuffers() };
  const read = async ([name, weight]) => [name, [...(await weight.data())]];
  return Object.fromEntries(await Promise.all(Object.entries(weights).map(read)));
}
