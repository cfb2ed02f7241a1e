import { z } from 'zod';

import { parseOptions } from '../config/validate.js';
import { disposeBatch } from '../contracts/batch.js';
import type { Batch } from '../contracts/batch.js';
import type { DataLoader } from '../contracts/data-loader.js';
import { DataError, NonFiniteError } from '../errors.js';
import { DEFAULT_SEED } from '../random/streams.js';
import type { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { yieldToEventLoop } from './lockstep.js';
import { NoPrecision, SingleProcess } from './neutral.js';
import { disposeStep, TrainingStep } from './training-step.js';
import type { StepWatcher } from './training-step.js';

export const LearningRateSearchOptions = z.strictObject({
  startLr: z.number().positive().default(1e-5).describe('The first learning rate'),
  endLr: z.number().positive().default(10).describe('The last learning rate'),
  numBatches: z
    .int()
    .gt(10, { error: 'the number of batches must be greater than 10' })
    .default(100)
    .describe('Learning rates after the first one'),
  linearSteps: z.boolean().default(false).describe('Whether rates grow by a summand instead of by a factor'),
  stoppingFactor: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('The search ends when the loss is NaN or this many times the lowest one; null never ends it early'),
});

/** The losses that training met while its learning rate grew. */
export interface LearningRateCurve {
  readonly learningRates: readonly number[];
  /** The loss of the batch that was trained with each rate, penalty included, before its step. */
  readonly losses: readonly number[];
}

/** Where a search is: called after every step. */
export type SearchProgress = (done: number, learningRate: number, loss: number) => void;

/** The lowest loss counts from this batch on: the first ones are too high by chance. */
const SETTLED_AFTER = 10;

/** Taken for the lowest loss until then, as in the original: a loss that explodes at once ends the search too. */
const HIGHEST = 1e9;

/**
 * Trains for `numBatches + 1` steps with a learning rate that grows from `startLr` to `endLr`, and records the losses. The
 * loader's epochs are gone through as often as needed. Schedules, averages, callbacks and element-wise clipping do not act;
 * `gradNorm` does. The model is changed.
 *
 * A NaN loss ends training: without `stoppingFactor`, the losses of the rates that are left are NaN.
 *
 * Source: `search_learning_rate` of AllenNLP 1.0, after Smith, "Cyclical Learning Rates for Training Neural Networks" (2017).
 *
 * @throws ConfigError for options that do not fit, DataError (`X_DATA_EMPTY`) if there is no batch, and what a step throws.
 */
export async function searchLearningRate(
  trainer: GradientDescentTrainer,
  options: z.input<typeof LearningRateSearchOptions> = {},
  onStep: SearchProgress = () => undefined,
): Promise<LearningRateCurve> {
  const search = parseOptions(LearningRateSearchOptions, options, 'the search for a learning rate');
  const rates = learningRatesOf(search);
  const losses: number[] = [];
  const { stoppingFactor } = search;
  let lowest = HIGHEST;
  await trainer.engine.prepare();
  const step = stepOf(trainer);
  for await (const batch of endlessly(trainer.dataLoader)) {
    try {
      const i = losses.length;
      const rate = rates[i]!;
      const limit = stoppingFactor === null ? Number.POSITIVE_INFINITY : stoppingFactor * lowest;
      const loss = await lossOfStep(step, batch, i + 1, watcher(trainer, step, rate, limit));
      if (loss === null) break;
      if (Number.isNaN(loss)) {
        if (stoppingFactor === null) losses.push(...rates.slice(i).map(() => Number.NaN));
        break;
      }
      losses.push(loss);
      if (i > SETTLED_AFTER) lowest = Math.min(lowest, loss);
      onStep(losses.length, rate, loss);
    } finally {
      disposeBatch(batch);
    }
    if (losses.length === rates.length) break;
    await yieldToEventLoop();
  }
  return { learningRates: rates.slice(0, losses.length), losses };
}

function learningRatesOf({
  startLr,
  endLr,
  numBatches,
  linearSteps,
}: z.output<typeof LearningRateSearchOptions>): number[] {
  return Array.from({ length: numBatches + 1 }, (_, i) =>
    linearSteps ? startLr + ((endLr - startLr) / numBatches) * i : startLr * (endLr / startLr) ** (i / numBatches),
  );
}

/** Ends a step between gradients and update. */
class LossTooHigh extends Error {}

/** The loss of a step that was made; null if its loss was too high, NaN if it was NaN: then no step was made. */
async function lossOfStep(
  step: TrainingStep,
  batch: Batch,
  number: number,
  watching: StepWatcher,
): Promise<number | null> {
  try {
    const result = await step.run([batch], number, watching, { gradients: false, parametersBefore: false });
    disposeStep(result);
    return result.loss;
  } catch (error) {
    if (error instanceof LossTooHigh) return null;
    if (error instanceof NonFiniteError) return Number.NaN;
    throw error;
  }
}

function watcher(trainer: GradientDescentTrainer, step: TrainingStep, rate: number, limit: number): StepWatcher {
  return {
    watches: true,
    microBatchEnded: async (_, loss) => {
      if (loss > limit) throw new LossTooHigh();
    },
    rescale: () => step.rescaleGradients(),
    gradientsReady: async () => undefined,
    schedule: () => {
      for (const { options } of trainer.optimizer.groups) options['lr'] = rate;
    },
  };
}

function stepOf(trainer: GradientDescentTrainer): TrainingStep {
  return new TrainingStep({
    engine: trainer.engine,
    communicator: new SingleProcess(),
    precision: new NoPrecision(),
    optimizer: trainer.optimizer,
    movingAverage: null,
    parameters: trainer.parameters,
    buffers: trainer.model.namedBuffers?.() ?? {},
    limits: { gradNorm: trainer.gradNorm, gradClipping: null, gradClippingAt: 'microBatch' },
    seed: DEFAULT_SEED,
    outputs: (batch) => trainer.batchOutputs(batch, true),
  });
}

async function* endlessly(loader: DataLoader): AsyncGenerator<Batch> {
  for (let epoch = 0; ; epoch++) {
    let isEmpty = true;
    for await (const batch of loader.epoch({ epoch, rank: 0, worldSize: 1 })) {
      isEmpty = false;
      yield batch;
    }
    if (isEmpty) throw new DataError('X_DATA_EMPTY', 'the data loader gave no training batch');
  }
}

/**
 * Averages that forget exponentially, without their bias towards 0 at the start. NaN is kept where it is, and left out of
 * the averages.
 */
export function smoothed(losses: readonly number[], beta = 0.98): number[] {
  let average = 0;
  let count = 0;
  return losses.map((loss) => {
    if (Number.isNaN(loss)) return loss;
    count += 1;
    average = beta * average + (1 - beta) * loss;
    return average / (1 - beta ** count);
  });
}

/**
 * A learning rate to start with: a tenth of the one at which the smoothed loss is lowest, because that is close to where it
 * explodes; null where the loss never falls.
 */
export function suggestLearningRate({ learningRates, losses }: LearningRateCurve): number | null {
  const curve = smoothed(losses);
  const lowest = curve.reduce((best, loss, i) => (loss < curve[best]! ? i : best), 0);
  return lowest === 0 ? null : learningRates[lowest]! / 10;
}
