import type { GradientDescentTrainerOptions, TrainingMetrics } from '@x/trainer-core';
import { GradientDescentTrainer, ParameterSet, withLog } from '@x/trainer-core';

import { InMemoryCheckpointer } from './in-memory-checkpointer.js';
import { MomentumDescent } from './momentum-descent.js';
import { tinyRegression } from './tiny-regression.js';

/** Says nothing. */
const silence = { info: (): void => undefined, warn: (): void => undefined };

/**
 * Trains the tiny regression for two epochs of five steps, with validation and a checkpointer, in plain code.
 *
 * @param options what shall be otherwise.
 */
export async function trainTinyRegression(
  options: Partial<GradientDescentTrainerOptions> = {},
): Promise<TrainingMetrics> {
  const model = tinyRegression();
  const optimizer = new MomentumDescent({ lr: 0.05, momentum: 0.5 }, ParameterSet.of(model.namedVariables()));
  try {
    return await withLog(silence, () =>
      new GradientDescentTrainer({
        model,
        optimizer,
        dataLoader: model.batches,
        validationDataLoader: model.batches.slice(0, 2),
        checkpointer: new InMemoryCheckpointer(),
        numEpochs: 2,
        ...options,
      }).train(),
    );
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}
