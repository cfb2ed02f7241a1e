import '@tensorflow/tfjs';

import { lineBatches, LineModel, MemoryCheckpointer, MomentumDescent } from '../../__fixtures__/small-run.js';
import { TrainerCallback } from '../../contracts/callbacks.js';
import type { TrainerView } from '../../contracts/callbacks.js';
import type { TrainingMetrics } from '../../contracts/trainer.js';
import { ConfigError } from '../../errors.js';
import { ParameterSet } from '../../state/parameters.js';
import type { PartialObjects } from '../gradient-descent-options.js';
import { GradientDescentTrainer } from '../gradient-descent-trainer.js';
import { ShouldValidate } from './should-validate.js';
import { TrackEpoch } from './track-epoch.js';
import { ValidateEveryNSteps } from './validate-every-n-steps.js';

/** Where the run was, as epoch and steps, when something was evaluated. */
class Evaluations extends TrainerCallback {
  readonly seen: string[] = [];

  override onEvaluateEnd({ epoch, batchNumTotal }: TrainerView): void {
    this.seen.push(`${epoch}: ${batchNumTotal}`);
  }
}

const THREE_STEPS = lineBatches(3);

async function run(
  callbacks: PartialObjects['callbacks'],
  options: Partial<PartialObjects> = {},
): Promise<{ evaluations: string[]; metrics: TrainingMetrics }> {
  const model = new LineModel();
  const evaluations = new Evaluations();
  const trainer = GradientDescentTrainer.fromPartialObjects({
    model,
    optimizer: new MomentumDescent({ lr: 0.05 }, ParameterSet.of(model.namedVariables())),
    dataLoader: THREE_STEPS,
    validationDataLoader: lineBatches(1),
    numEpochs: 5,
    ...options,
    callbacks: [...(callbacks ?? []), evaluations],
  });
  const metrics = await trainer.train();
  return { evaluations: evaluations.seen, metrics };
}

describe('should_validate', () => {
  it.each([
    [{}, [0, 1, 2, 3, 4]],
    [{ validationStart: 3 }, [3, 4]],
    [{ validationInterval: 2 }, [0, 2, 4]],
    [{ validationStart: 1, validationInterval: 3 }, [3]],
  ])('%j', async (options, epochs) => {
    const { evaluations } = await run([new ShouldValidate(options)]);
    expect(evaluations).toEqual(epochs.map((epoch) => `${epoch}: ${3 * (epoch + 1)}`));
  });

  it('an epoch that is left out is not the best one and has no metrics of its own', async () => {
    const checkpointer = new MemoryCheckpointer();
    const callbacks = [{ type: 'should_validate_callback', validation_start: 1, validation_interval: 2 }];
    const { metrics } = await run(callbacks, { checkpointer, numEpochs: 4 });
    expect(checkpointer.positions.map(({ isBestSoFar }) => isBestSoFar)).toEqual([false, false, true, false]);
    expect(metrics).toMatchObject({ epoch: 3, best_epoch: 2 });
    expect(metrics['validation_loss']).toBe(metrics['best_validation_loss']);
  });

  it('refuses an interval of nothing', () => {
    expect(() => new ShouldValidate({ validationInterval: 0 })).toThrow(ConfigError);
  });
});

describe('validate_every_n_steps', () => {
  it('validates by steps over all epochs, and leaves the ends of epochs to the trainer', async () => {
    const { evaluations } = await run([new ValidateEveryNSteps({ steps: 2 })], { numEpochs: 3 });
    expect(evaluations).toEqual(['0: 2', '0: 3', '1: 4', '1: 6', '2: 8', '2: 9']);
  });

  it('takes its steps from a config, and needs them', async () => {
    const { evaluations } = await run([{ type: 'validate_every_n_steps', steps: 1 }], { numEpochs: 1 });
    expect(evaluations).toEqual(['0: 1', '0: 2', '0: 3']);
    expect(() => new ValidateEveryNSteps({} as { steps: number })).toThrow(/steps/);
  });
});

it('track_epoch keeps the number of completed epochs in the model', async () => {
  const seen: unknown[] = [];
  const epochOf = ({ model }: TrainerView): void => void seen.push((model as { epoch?: number }).epoch);
  class Looks extends TrainerCallback {
    override onStepEnd = epochOf;
    override onEpochEnd = epochOf;
  }
  await run([new TrackEpoch(), new Looks()], { dataLoader: lineBatches(1), numEpochs: 2 });
  expect(seen).toEqual([0, 1, 1, 2]);
});
