import { z } from 'zod';

import type { Batch } from '../contracts/batch.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import { Checkpointer } from '../contracts/checkpointer.js';
import { Communicator } from '../contracts/communicator.js';
import { DataLoader } from '../contracts/data-loader.js';
import { Engine } from '../contracts/engine.js';
import type { ModelLike } from '../contracts/model.js';
import { MovingAverage } from '../contracts/moving-average.js';
import { Optimizer } from '../contracts/optimizer.js';
import { Precision } from '../contracts/precision.js';
import { LearningRateScheduler, MomentumScheduler } from '../contracts/scheduler.js';
import { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import { pattern } from '../config/pattern.js';
import { component } from '../plugins/component.js';
import type { RunOrigin } from '../plugins/run-tokens.js';
import { DEFAULT_SEED } from '../random/streams.js';
import { RULE_OPTIONS } from './compatibility.js';
import { NonFiniteOptions } from './non-finite.js';

/** What the run as a whole brings: in a config these stand beside `trainer`, not under it. */
const RunParts = {
  model: z
    .custom<ModelLike>(isModel, { error: 'expected a model: an object with forward(batch, mode) and namedVariables()' })
    .describe('The model to train'),
  dataLoader: batches().describe('The training batches'),
  validationDataLoader: batches().nullish().describe('The validation batches; without them there is no early stopping'),
  serializationDir: z
    .string()
    .nullable()
    .default(null)
    .describe('The folder that the run writes to; null writes nothing'),
  localRank: z.int().nonnegative().default(0).describe('The number of this worker on its machine'),
  origin: z
    .custom<RunOrigin>()
    .nullable()
    .default(null)
    .describe('The config that the run came from, for its checkpoints; null where it is put together in code'),
  seed: z.int().default(DEFAULT_SEED).describe('The seed of all randomness inside steps'),
};

/** What a config has under `trainer`. */
const TrainerParts = {
  optimizer: component(Optimizer).optional().describe('Default: adam, if a listed plugin provides it'),
  patience: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Epochs without improvement of the validation metric that end training; null never ends it early'),
  validationMetric: z
    .union([signedMetric(), z.array(signedMetric()).nonempty()])
    .default('-loss')
    .describe(
      'The validation metric, with its sign, that picks the best weights and drives patience and plateau schedulers; of a ' +
        'list, as ["+f1", "-loss"], the signed sum does',
    ),
  numEpochs: z.int().nonnegative().default(20).describe('Epochs to train'),
  checkpointer: component(Checkpointer)
    .nullish()
    .describe('Default: the default one where there is a serialization folder; null saves nothing'),
  cudaDevice: z
    .int()
    .nullable()
    .default(-1)
    .transform((device) => device ?? -1)
    .describe('A device number; negative, or null, for where the backend runs'),
  gradNorm: z
    .union([z.number(), z.boolean()])
    .nullable()
    .default(null)
    .describe(
      'Gradients are rescaled to this norm if theirs is larger; true only computes and reports it; null, false or 0 is off',
    ),
  gradClipping: z
    .number()
    .nonnegative()
    .nullable()
    .default(null)
    .describe('Gradient elements are clamped to this absolute value; null is off'),
  learningRateScheduler: component(LearningRateScheduler).nullish().describe('Default: none'),
  momentumScheduler: component(MomentumScheduler).nullish().describe('Default: none'),
  tensorboardWriter: component(TensorboardWriter)
    .nullish()
    .describe('Default: the default one where there is a serialization folder and a plugin provides it'),
  movingAverage: component(MovingAverage)
    .nullish()
    .describe('Averages of the weights for validation and saving. Default: none'),
  batchCallbacks: z
    .array(component(BatchCallback))
    .default([])
    .describe('Called after every step and validation batch'),
  epochCallbacks: z
    .array(component(EpochCallback))
    .default([])
    .describe('Called before training and after every epoch'),
  callbacks: z.array(component(TrainerCallback)).default([]).describe('Observers with named hooks'),
  distributed: z.boolean().default(false).describe('Whether this is one worker of several'),
  worldSize: z.int().positive().default(1).describe('The number of workers'),
  numGradientAccumulationSteps: z.int().positive().default(1).describe('Batches whose gradients make one step'),
  optLevel: z
    .enum(['O0', 'O1', 'O2', 'O3'])
    .nullable()
    .default(null)
    .describe('Mixed precision; null trains in float32'),
  noGrad: z
    .array(pattern)
    .default([])
    .describe('Patterns, searched in parameter names, of what is frozen; one that finds nothing is warned of'),
  compatibility: z
    .enum(['allennlp-1', 'allennlp-2'])
    .nullable()
    .default(null)
    .describe('Whose rules hold where AllenNLP 1.0 and 2.10 differ: the defaults of the options that say them'),
  ...RULE_OPTIONS,
  nonFinite: NonFiniteOptions.prefault({}).describe('What is done about values that are NaN or infinite'),
  detectAnomaly: z
    .boolean()
    .default(false)
    .describe(
      'Whether the first NaN or infinite value in a loss, in gradients or in weights raises, unless nonFinite says otherwise, ' +
        'and the step is computed again op by op to name the op that it comes from. It makes steps slower',
    ),
  engine: component(Engine)
    .optional()
    .describe('What runs the steps. Default: auto; the eager engine for built parts without one'),
  precision: component(Precision).nullish().describe('In place of optLevel: a precision of a plugin'),
  communicator: component(Communicator).nullish().describe('How workers talk; needed when distributed'),
};

/** Every option of `GradientDescentTrainer`: the one table that its constructor, factory and config share. */
export const GradientDescentOptions = z.strictObject({ ...RunParts, ...TrainerParts });

/** The part of the table that a config has under `trainer`. */
export const GradientDescentConfig = z.strictObject(TrainerParts);

/** The keys that are refused under `trainer`: what the original builds separately, and where it belongs. */
export const RUN_KEYS: readonly string[] = Object.keys(RunParts);

/** Options whose parts may be instances, configs (`{ type: 'adamw', lr: 0.001 }`) or `LazyPart`s. */
export type PartialObjects = z.input<typeof GradientDescentOptions>;

/** The constructor's options: the same table with every part built (a config in place of a part is a `ConfigError`). */
export type GradientDescentTrainerOptions = PartialObjects & { readonly optimizer: Optimizer };

function signedMetric(): z.ZodString {
  return z.string().regex(/^[+-]./, {
    error: 'must start with + (larger is better) or - (smaller is better), as in "+accuracy" or "-loss"',
  });
}

function batches(): z.ZodType<DataLoader | readonly Batch[], DataLoader | readonly Batch[]> {
  return z.custom<DataLoader | readonly Batch[]>((value) => value instanceof DataLoader || Array.isArray(value), {
    error: 'expected a DataLoader, or a list of batches',
  });
}

function isModel(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { forward, namedVariables } = value as Partial<ModelLike>;
  return typeof forward === 'function' && typeof namedVariables === 'function';
}
