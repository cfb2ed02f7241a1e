import type { TrainerCallback } from '../contracts/callbacks.js';
import type { Batch } from '../contracts/batch.js';
import type { DataLoader } from '../contracts/data-loader.js';
import type { RawConfig } from '../config/read-config.js';
import type { ModelLike } from '../contracts/model.js';
import type { Progress } from '../training/progress.js';
import type { Instance } from '../contracts/dataset.js';
import type { ParameterSet } from '../state/parameters.js';
import { token } from './tokens.js';
import type { Token } from './tokens.js';

/** The trainable parameters of the run's model, a {@link ParameterSet}: what optimizers and averages are built on. */
export const ModelParameters: Token<ParameterSet> = token('@x/trainer-core:ModelParameters');

/** The run's model, any {@link ModelLike}; the same as `@inject(Model)`. */
export const TheModel: Token<ModelLike> = token('@x/trainer-core:model');

/** The number of epochs of the run. */
export const NumberOfEpochs: Token<number> = token('@x/trainer-core:NumberOfEpochs');

/** Optimizer steps in an epoch, or null where the data loader does not know. */
export const StepsPerEpoch: Token<number | null> = token('@x/trainer-core:StepsPerEpoch');

/** What metric-driven schedulers get, with the sign of what is better: `-loss` or `+accuracy`; `+` for every score. */
export const ValidationMetric: Token<string> = token('@x/trainer-core:ValidationMetric');

/**
 * Whose rules hold where AllenNLP 1.0 and 2.10 differ. Each such rule is an option of its own; the preset only decides the
 * default of those that a config leaves out. Null: our own defaults.
 */
export type CompatibilityPreset = 'allennlp-1' | 'allennlp-2' | null;

/** The compatibility preset of the trainer. */
export const Compatibility: Token<CompatibilityPreset> = token('@x/trainer-core:Compatibility');

/** Where a run came from, as its checkpoints record it. */
export interface RunOrigin {
  /** The config after environment and overrides. */
  readonly config: RawConfig;
  /** Versions by name, of the listed plugins and of this package. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The config of the run, and the versions of what it lists. */
export const TheOrigin: Token<RunOrigin> = token('@x/trainer-core:RunOrigin');

/** The folder of the run, or null. */
export const SerializationDir: Token<string | null> = token('@x/trainer-core:SerializationDir');

/** Where the run is: epoch and steps. */
export const TheProgress: Token<Progress> = token('@x/trainer-core:Progress');

/** The validation batches of the run, or null. */
export const ValidationDataLoader: Token<DataLoader | null> = token('@x/trainer-core:ValidationDataLoader');

/** What a data loader is built on where the config has a dataset reader and paths. */
export const Dataset: Token<readonly Instance[]> = token('@x/trainer-core:Dataset');

/** Types of tensors by field name. */
export type DTypes = Readonly<Record<string, 'float32' | 'int32'>>;

/**
 * Makes a batch of examples that were read from no file, such as a predictor's requests, as the run's data loader does for
 * evaluation: in their order, with tokens indexed, padding and masks. Whoever takes the batch owns its tensors.
 */
export type Collate = (instances: readonly Instance[], dtypes?: DTypes) => Promise<Batch>;

/** How a trained run makes batches of examples, or null where its config has no dataset reader. */
export const Collation: Token<Collate | null> = token('@x/trainer-core:Collation');

/** The folder of the config file; relative paths in a config start here. */
export const ConfigDir: Token<string> = token('@x/trainer-core:ConfigDir');

/** Callbacks that the caller adds to those of the config. */
export const ExtraCallbacks: Token<readonly TrainerCallback[]> = token('@x/trainer-core:ExtraCallbacks');
