import 'reflect-metadata';

export * from './errors.js';
export { log, quietLog, withLog } from './log.js';
export type { Log } from './log.js';

// Contracts
export { batchSize, cloneBatch, disposeBatch, tensorsIn } from './contracts/batch.js';
export type { Batch, BatchValue, Outputs, TensorMap } from './contracts/batch.js';
export { BatchCallback, EpochCallback, TrainerCallback } from './contracts/callbacks.js';
export type {
  BatchEvent,
  Control,
  EpochEvent,
  EvaluateBatchEvent,
  MicroBatchEvent,
  StepEvent,
  TrainerView,
} from './contracts/callbacks.js';
export { Checkpointer } from './contracts/checkpointer.js';
export type {
  Checkpointable,
  CheckpointPosition,
  RestoredCheckpoint,
  SavedCheckpoint,
} from './contracts/checkpointer.js';
export { Command } from './contracts/command.js';
export type { CommandContext, CommandOption } from './contracts/command.js';
export { Communicator } from './contracts/communicator.js';
export { DataLoader } from './contracts/data-loader.js';
export type { EpochRequest, Resumability } from './contracts/data-loader.js';
export { CheckpointStore } from './contracts/checkpoint-store.js';
export type { GetOptions, StoreRecipe } from './contracts/checkpoint-store.js';
export { BatchSampler, DatasetReader, Predictor, Sampler, Vocabulary } from './contracts/dataset.js';
export type { Instance, Json } from './contracts/dataset.js';
export { Engine } from './contracts/engine.js';
export type {
  EngineDescription,
  EngineProbe,
  MemoryReport,
  Program,
  ProgramInputs,
  ProgramState,
  RandomKey,
  RunRequest,
  RunResult,
} from './contracts/engine.js';
export { Initializer } from './contracts/initializer.js';
export { Metric } from './contracts/metric.js';
export type { MetricValues } from './contracts/metric.js';
export { Model } from './contracts/model.js';
export type { ForwardMode, ModelLike } from './contracts/model.js';
export { MovingAverage } from './contracts/moving-average.js';
export { Optimizer } from './contracts/optimizer.js';
export type { Coefficients, Hyperparameters, OptimizerOptions, RuleInput, RuleOutput } from './contracts/optimizer.js';
export { Precision } from './contracts/precision.js';
export { Regularizer } from './contracts/regularizer.js';
export { LearningRateScheduler, MomentumScheduler } from './contracts/scheduler.js';
export { TensorboardWriter } from './contracts/tensorboard-writer.js';
export type { BatchReport, LogNeeds } from './contracts/tensorboard-writer.js';
export { CheckpointState, Trainer } from './contracts/trainer.js';
export type { TrainerOptions, TrainingMetrics } from './contracts/trainer.js';

// Plugins
export { component, ComponentSpec, lazyComponent, LazyPart, LazySpec, withRegistry } from './plugins/component.js';
export type { Built, ComponentConfig, Part } from './plugins/component.js';
export { RunContainer } from './plugins/container.js';
export type { Provided } from './plugins/container.js';
export { descriptorsOf, registerFor } from './plugins/describe.js';
export type { AnyClass, Descriptor, Factory, Register } from './plugins/describe.js';
export { parseComponent } from './plugins/parse-component.js';
export { asPlugin, definePlugin } from './plugins/plugin.js';
export type { Plugin, PluginLike } from './plugins/plugin.js';
export { Registry } from './plugins/registry.js';
export type { Registration } from './plugins/registry.js';
export { inject, lazy, token, tokenOf } from './plugins/tokens.js';
export type { ExtensionPoint, Lazy, Token } from './plugins/tokens.js';
export type { Collate, CompatibilityPreset, DTypes } from './plugins/run-tokens.js';
export {
  Collation,
  Compatibility,
  ConfigDir,
  Dataset,
  ModelParameters,
  NumberOfEpochs,
  SerializationDir,
  StepsPerEpoch,
  TheModel,
  TheProgress,
  ValidationDataLoader,
  ValidationMetric,
} from './plugins/run-tokens.js';

// Config
export { pattern, searchPattern } from './config/pattern.js';
export { parseOptions, validate } from './config/validate.js';

// State
export { ParameterGroup } from './state/parameter-groups.js';
export type { ParameterGroupConfig } from './state/parameter-groups.js';
export type { HostScalars, InitialSlot } from './state/optimizer-state.js';
export { NamedState } from './state/named-state.js';
export { Parameter, ParameterSet } from './state/parameters.js';
export { cloneState, disposeState, mapTensors, readState } from './state/state-dict.js';
export type { StateDict, Stateful, StateValue } from './state/state-dict.js';

// Randomness
export { DEFAULT_SEED, RandomStream, RandomStreams, RandomStreamsToken } from './random/streams.js';
export { combine, hash32, uniformAt } from './random/counter.js';
export { dropout, hostRandom, randomNormal, randomUniform, withStepRandom } from './random/step-random.js';
export type { StepRandom } from './random/step-random.js';

// Training
export { coreComponents } from './core-components.js';
export { corePlugin } from './plugin.js';
export { AutoEngine } from './engine/auto-engine.js';
export { EagerEngine } from './engine/eager-engine.js';
export { GradientDescentTrainer } from './training/gradient-descent-trainer.js';
export { NoOpTrainer } from './training/no-op-trainer.js';
export type { NoOpTrainerOptions } from './training/no-op-trainer.js';
export { GradientDescentConfig, GradientDescentOptions, RUN_KEYS } from './training/gradient-descent-options.js';
export type { GradientDescentTrainerOptions, PartialObjects } from './training/gradient-descent-options.js';
export { ShouldValidate } from './training/callbacks/should-validate.js';
export { TrackEpoch } from './training/callbacks/track-epoch.js';
export { ValidateEveryNSteps } from './training/callbacks/validate-every-n-steps.js';
export { BatchList } from './training/batch-list.js';
export { descriptionFromMetrics, withDecimals } from './training/description.js';
export { groupsOf } from './training/groups.js';
export { SIGNAL_STATUS } from './training/interruption.js';
export { writeJson } from './training/json-file.js';
export { evaluateModel } from './training/evaluate.js';
export { Inference } from './training/inference.js';
export { MetricTracker, parseWatchedMetric } from './training/metric-tracker.js';
export { NoPrecision, NoTensorboard, SingleProcess } from './training/neutral.js';
export { Progress } from './training/progress.js';
export { loadModelState, modelVariables } from './training/model-state.js';
export {
  LearningRateSearchOptions,
  searchLearningRate,
  smoothed,
  suggestLearningRate,
} from './training/search-learning-rate.js';
export type { LearningRateCurve, SearchProgress } from './training/search-learning-rate.js';
export { totalNorm } from './programs/rescale.js';
export { planUpdate } from './programs/update.js';
export { sparseLookup } from './programs/sparse-lookup.js';
export type { ResumeMode, TrainOptions } from './contracts/trainer.js';
export { ExtraCallbacks } from './plugins/run-tokens.js';

// Models
export { functionalModel, FunctionalModel } from './model/functional-model.js';
export type { FunctionalModelOptions, OutputsAndBuffers } from './model/functional-model.js';
export { InitializerApplicator } from './model/initializer-applicator.js';
export { gainOf } from './model/initializers/gain.js';
export { fansOf } from './model/initializers/layout.js';
export type { Fans, WeightLayout } from './model/initializers/layout.js';
export { kaimingNormal, kaimingUniform } from './model/initializers/kaiming.js';
export { normal } from './model/initializers/normal.js';
export { orthogonal } from './model/initializers/orthogonal.js';
export { uniform } from './model/initializers/uniform.js';
export { xavierNormal, xavierUniform } from './model/initializers/xavier.js';
export { RegularizerApplicator } from './model/regularizers/applicator.js';

// Runs
export { FORMAT_VERSION } from './training/migrations.js';
export { BEST_POINTER, bestWeightsIn } from './run/best-weights.js';
export { trainFromConfig } from './run/train-from-config.js';
export type { RunOptions, RunResultSummary } from './run/train-from-config.js';
export { prepareRun, resolveConfig } from './run/prepare-run.js';
export type { PreparedRun, PrepareOptions, ResolvedConfig } from './run/prepare-run.js';
export { buildRun } from './run/build-run.js';
export type { BuiltRun, Datasets, Split } from './run/build-run.js';
export { loadTrained } from './run/load-trained.js';
export type { LoadTrainedOptions, TrainedRun } from './run/load-trained.js';
export { checkNodeVersion } from './run/node-version.js';
export { readMeta, savedConfigDir } from './run/serialization-dir.js';
export type { RunMeta, RunStart } from './run/serialization-dir.js';
export { RunConfig } from './config/run-schema.js';
export type { RunConfigOptions } from './config/run-schema.js';
export { configJsonSchema } from './config/json-schema.js';
export type { JsonSchema } from './config/json-schema.js';
export { readConfig } from './config/read-config.js';
export type { RawConfig } from './config/read-config.js';
export { applyOverrides } from './config/overrides.js';
export type { OverrideMode, OverrideOptions, Overrides } from './config/overrides.js';
export { flattenConfig, unflattenConfig } from './config/flat.js';
export { withFallback } from './config/with-fallback.js';
export { configHash } from './config/config-hash.js';
export { writtenConfig } from './config/written-config.js';
export { inferScalar } from './config/infer-scalar.js';
export { KNOWN_PACKAGES } from './config/known-packages.js';
export { resolveEnvironment } from './config/environment.js';
export { loadPlugins } from './plugins/load.js';
export type { PluginEntry } from './plugins/load.js';
