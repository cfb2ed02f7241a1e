import type { BatchCallback } from '../contracts/callbacks.js';
import { Checkpointer } from '../contracts/checkpointer.js';
import { Communicator } from '../contracts/communicator.js';
import { DataLoader } from '../contracts/data-loader.js';
import { Engine } from '../contracts/engine.js';
import { MovingAverage } from '../contracts/moving-average.js';
import { Optimizer } from '../contracts/optimizer.js';
import { Precision } from '../contracts/precision.js';
import { LearningRateScheduler, MomentumScheduler } from '../contracts/scheduler.js';
import { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import type { z } from 'zod';

import { checkWorkers } from '../contracts/trainer.js';
import { ConfigError } from '../errors.js';
import { log } from '../log.js';
import { ComponentSpec } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import type { RunContainer } from '../plugins/container.js';
import {
  Compatibility,
  ModelParameters,
  NumberOfEpochs,
  SerializationDir,
  StepsPerEpoch,
  ValidationMetric,
} from '../plugins/run-tokens.js';
import { tokenOf } from '../plugins/tokens.js';
import type { ExtensionPoint } from '../plugins/tokens.js';
import { ParameterSet } from '../state/parameters.js';
import { BatchList } from './batch-list.js';
import { rulesOf } from './compatibility.js';
import type { GradientDescentOptions, GradientDescentTrainerOptions } from './gradient-descent-options.js';
import { NoTensorboard } from './neutral.js';
import { schedulerMetricName } from './watched-metrics.js';

/** Validated options, some of whose parts are still to be built. */
export type UnbuiltOptions = z.output<typeof GradientDescentOptions>;

/**
 * Builds the parts of a trainer in the original's order (`from_partial_objects`): device, freezing, optimizer on the
 * trainable parameters, moving average, schedulers, checkpointer, writer, callbacks. Each is also available to the others
 * by `@inject`, on demand.
 */
export function assembleParts(options: UnbuiltOptions, run: RunContainer): GradientDescentTrainerOptions {
  const { model, serializationDir } = options;
  checkWorkers(options.distributed, options.worldSize);
  const parameters = ParameterSet.of(model.namedVariables());
  parameters.freeze(options.noGrad);
  const loader = Array.isArray(options.dataLoader)
    ? new BatchList(options.dataLoader)
    : (options.dataLoader as DataLoader);
  const length = loader.length(options.worldSize);

  provideOnce(run, SerializationDir, serializationDir);
  provideOnce(run, tokenOf(DataLoader), loader);
  run.provide(NumberOfEpochs, options.numEpochs);
  run.provide(StepsPerEpoch, length === null ? null : Math.ceil(length / options.numGradientAccumulationSteps));
  run.provide(ValidationMetric, schedulerMetricName(options.validationMetric, rulesOf(options).schedulerMetric));
  run.provide(Compatibility, options.compatibility);
  run.provideLater(ModelParameters, () => parameters.trainable());
  const provide = <T>(point: ExtensionPoint<T>, part: Part<T> | null | undefined): void => {
    if (part !== null && part !== undefined) run.provideComponent(point, part);
  };
  if (!run.has(tokenOf(Engine))) provide(Engine, options.engine ?? defaultPart(run, Engine));
  provide(Precision, precisionPart(options, run));
  provide(Communicator, communicatorPart(options, run));
  provide(Optimizer, options.optimizer ?? defaultOptimizer(run));
  provide(MovingAverage, options.movingAverage);
  provide(LearningRateScheduler, options.learningRateScheduler);
  provide(MomentumScheduler, options.momentumScheduler);
  provide(Checkpointer, checkpointerPart(options, run));
  run.provideComponent(TensorboardWriter, tensorboardPart(options, run));

  const optimizer = run.find(Optimizer)!;
  return {
    ...options,
    engine: run.find(Engine),
    precision: run.find(Precision),
    communicator: run.find(Communicator),
    optimizer,
    movingAverage: run.find(MovingAverage),
    learningRateScheduler: run.find(LearningRateScheduler),
    momentumScheduler: run.find(MomentumScheduler),
    checkpointer: run.find(Checkpointer) ?? null,
    tensorboardWriter: run.find(TensorboardWriter),
    batchCallbacks: options.batchCallbacks.map((part) => run.build<BatchCallback>(part)),
    epochCallbacks: options.epochCallbacks.map((part) => run.build(part)),
    callbacks: options.callbacks.map((part) => run.build(part)),
  };
}

function provideOnce<T>(run: RunContainer, token: Parameters<RunContainer['provide']>[0], value: T): void {
  if (!run.has(token)) run.provide(token, value);
}

/** The default implementation of an extension point with its default options, if a listed plugin provides it. */
function defaultPart<T>(run: RunContainer, point: ExtensionPoint<T>): ComponentSpec<T> | undefined {
  const registration = point.defaultName === undefined ? undefined : run.registry.find(point.kind, point.defaultName);
  return registration === undefined ? undefined : new ComponentSpec<T>(registration, registration.schema.parse({}));
}

function defaultOptimizer(run: RunContainer): ComponentSpec<Optimizer> {
  const part = defaultPart(run, Optimizer);
  if (part !== undefined) return part;
  throw ConfigError.of(
    'X_CONFIG_NO_TYPE',
    'trainer.optimizer',
    'there is no optimizer, and no listed plugin provides the default one, "adam": npm install @x/optim and list it in "plugins"',
  );
}

/** The configured checkpointer, else the default one where there is a folder. */
export function checkpointerPart(
  options: Pick<UnbuiltOptions, 'checkpointer' | 'serializationDir'>,
  run: RunContainer,
): Part<Checkpointer> | null {
  if (options.checkpointer !== undefined) return options.checkpointer;
  if (options.serializationDir === null) return null;
  return defaultPart(run, Checkpointer) ?? missingCheckpointer();
}

/** A run must never silently save nothing. */
function missingCheckpointer(): never {
  throw ConfigError.of(
    'X_CONFIG_NO_TYPE',
    'trainer.checkpointer',
    'there is a serialization folder, but no listed plugin provides a checkpointer: npm install @x/checkpoint and list it in ' +
      '"plugins" (in code, pass checkpointer: new DefaultCheckpointer({}, folder)), or set checkpointer to null to save nothing',
  );
}

/** @throws ConfigError for a run with a folder whose checkpointer is missing, or would silently save nothing. */
export function checkSaves(checkpointer: Checkpointer | null | undefined): void {
  if (checkpointer === undefined) missingCheckpointer();
  if (checkpointer?.hasPlace !== false) return;
  throw ConfigError.of(
    'X_CONFIG_INVALID',
    'checkpointer',
    'it was built without a folder and without a store, so nothing of this run would be saved; give it the folder of the run: ' +
      'new DefaultCheckpointer({}, serializationDir)',
  );
}

function tensorboardPart(options: UnbuiltOptions, run: RunContainer): Part<TensorboardWriter> {
  if (options.tensorboardWriter === null || options.serializationDir === null) {
    return options.tensorboardWriter ?? new NoTensorboard();
  }
  const part = options.tensorboardWriter ?? defaultPart(run, TensorboardWriter);
  if (part === undefined) log.info('no TensorBoard logs: list @x/callbacks-tensorboard in "plugins" to write them');
  return part ?? new NoTensorboard();
}

function precisionPart({ optLevel, precision }: UnbuiltOptions, run: RunContainer): Part<Precision> | null | undefined {
  if (optLevel === null) return precision;
  const registration = run.registry.find(Precision.kind, optLevel);
  if (registration === undefined) throw noPrecision(optLevel);
  return new ComponentSpec<Precision>(registration, registration.schema.parse({}));
}

/** The error for an opt level that nothing provides. */
export function noPrecision(optLevel: string): ConfigError {
  return ConfigError.of(
    'X_CONFIG_UNKNOWN_NAME',
    'trainer.optLevel',
    `no listed plugin provides the precision "${optLevel}"; opt levels are in the package @x/amp: install it and list it in "plugins"`,
  );
}

function communicatorPart(
  { distributed, communicator }: UnbuiltOptions,
  run: RunContainer,
): Part<Communicator> | null | undefined {
  if (!distributed || (communicator !== null && communicator !== undefined) || run.has(tokenOf(Communicator)))
    return communicator;
  throw noCommunicator();
}

/** The error for a distributed run whose workers cannot talk. */
export function noCommunicator(): ConfigError {
  return ConfigError.of(
    'X_DISTRIBUTED',
    'trainer.distributed',
    'no communicator connects the workers; data-parallel training is in the package @x/distributed: install it and list it in "plugins"',
  );
}
