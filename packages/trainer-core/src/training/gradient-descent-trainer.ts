import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import { disposeBatch } from '../contracts/batch.js';
import type { Batch, Outputs, TensorMap } from '../contracts/batch.js';
import type { BatchCallback, EpochCallback, TrainerView } from '../contracts/callbacks.js';
import type { Checkpointer, CheckpointPosition } from '../contracts/checkpointer.js';
import type { Communicator } from '../contracts/communicator.js';
import { DataLoader } from '../contracts/data-loader.js';
import type { Engine } from '../contracts/engine.js';
import type { MetricValues } from '../contracts/metric.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import type { Optimizer } from '../contracts/optimizer.js';
import type { Precision } from '../contracts/precision.js';
import type { LearningRateScheduler, MomentumScheduler } from '../contracts/scheduler.js';
import type { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import { Trainer } from '../contracts/trainer.js';
import type { CheckpointState, TrainingMetrics, TrainOptions } from '../contracts/trainer.js';
import { CheckpointError, DataError, InterruptedError, MetricError, ModelError } from '../errors.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { log } from '../log.js';
import type { PluginLike } from '../plugins/plugin.js';
import { ParameterSet } from '../state/parameters.js';
import { missingCheckpointer, noCommunicator, noPrecision } from './assemble.js';
import { BatchList } from './batch-list.js';
import { CallbackStates } from './callback-states.js';
import { deviceProblem } from './device.js';
import { formatDuration } from './duration.js';
import { evaluatePass } from './evaluate.js';
import { GradientDescentConfig } from './gradient-descent-options.js';
import type { GradientDescentTrainerOptions, PartialObjects } from './gradient-descent-options.js';
import { groupsOf } from './groups.js';
import { Hooks } from './hooks.js';
import { listenForInterruption } from './interruption.js';
import { writeJson } from './json-file.js';
import { inLockstep, yieldToEventLoop } from './lockstep.js';
import { peakMemoryMB } from './memory.js';
import { MetricTracker, parseWatchedMetric } from './metric-tracker.js';
import { RunningMetrics } from './metrics.js';
import { loadModelState } from './model-state.js';
import { NoPrecision, NoTensorboard, SingleProcess } from './neutral.js';
import { builtParts, partsFromConfig, partsFromPartialObjects } from './parts.js';
import { Progress } from './progress.js';
import { RunControl } from './run-control.js';
import { restoreInto, snapshot } from './saved-run.js';
import type { StatefulParts } from './saved-run.js';
import { TrainingStep } from './training-step.js';
import type { StepResult, StepWatcher } from './training-step.js';

/**
 * Trains a model by gradient descent: epochs of steps, validation, early stopping, schedules, checkpoints, callbacks.
 *
 * The rules are those of AllenNLP 1.0's `GradientDescentTrainer`; every option is described in `GradientDescentOptions`.
 * Built parts go to the constructor; {@link fromPartialObjects} also takes configs and lazy parts and builds them in order.
 */
@Trainer.register(
  'gradient_descent',
  GradientDescentConfig,
  (options, run) => new GradientDescentTrainer(partsFromConfig(options, run)),
)
export class GradientDescentTrainer extends Trainer implements TrainerView {
  readonly model: ModelLike;
  /** All parameters of the model. Freezing one, or unfreezing, acts from the next step on. */
  readonly parameters: ParameterSet;
  /** Its groups' options may be changed between steps. */
  readonly optimizer: Optimizer;
  readonly dataLoader: DataLoader;
  readonly validationDataLoader: DataLoader | null;
  readonly learningRateScheduler: LearningRateScheduler | null;
  readonly momentumScheduler: MomentumScheduler | null;
  readonly movingAverage: MovingAverage | null;
  readonly checkpointer: Checkpointer | null;
  readonly tensorboard: TensorboardWriter;
  readonly engine: Engine;
  readonly metricTracker: MetricTracker;
  readonly control: RunControl = new RunControl();
  /** May be changed during training. */
  numEpochs: number;

  private readonly progress = new Progress();
  private readonly accumulation: number;
  private readonly watchedMetric: string;
  private readonly communicator: Communicator;
  private readonly running: RunningMetrics;
  private readonly step: TrainingStep;
  private readonly watcher: StepWatcher;
  private readonly hooks: Hooks;
  private readonly batchCallbacks: readonly BatchCallback[];
  private readonly epochCallbacks: readonly EpochCallback[];
  private readonly callbackStates: CallbackStates;
  private readonly precision: Precision;

  /**
   * @throws ConfigError with every option that does not fit, and for parts that only another package provides (opt levels,
   * workers, devices, a checkpointer for a serialization folder).
   */
  constructor(options: GradientDescentTrainerOptions) {
    const parts = builtParts(options);
    super(parts);
    this.engine = parts.engine ?? new EagerEngine();
    const unusable = deviceProblem(this.cudaDevice, this.engine);
    if (unusable !== null) throw unusable;
    if (parts.distributed && (parts.communicator ?? null) === null) throw noCommunicator();
    if (parts.optLevel !== null && (parts.precision ?? null) === null) throw noPrecision(parts.optLevel);
    if (parts.serializationDir !== null && parts.checkpointer === undefined) missingCheckpointer();

    this.model = parts.model;
    this.parameters = ParameterSet.of(this.model.namedVariables());
    this.parameters.freeze(parts.noGrad);
    this.optimizer = parts.optimizer!;
    this.dataLoader = asLoader(parts.dataLoader);
    this.validationDataLoader = parts.validationDataLoader ? asLoader(parts.validationDataLoader) : null;
    this.learningRateScheduler = parts.learningRateScheduler ?? null;
    this.momentumScheduler = parts.momentumScheduler ?? null;
    this.movingAverage = parts.movingAverage ?? null;
    this.checkpointer = parts.checkpointer ?? null;
    this.tensorboard = parts.tensorboardWriter ?? new NoTensorboard();
    this.communicator = parts.communicator ?? new SingleProcess();
    this.precision = parts.precision ?? new NoPrecision();
    this.numEpochs = parts.numEpochs;
    this.accumulation = parts.numGradientAccumulationSteps;

    const watched = parseWatchedMetric(parts.validationMetric);
    this.watchedMetric = watched.name;
    this.metricTracker = new MetricTracker(watched.shouldDecrease, parts.patience);
    this.running = new RunningMetrics(this.model.metrics ?? [], this.communicator);
    this.step = new TrainingStep({
      engine: this.engine,
      communicator: this.communicator,
      precision: this.precision,
      optimizer: this.optimizer,
      movingAverage: this.movingAverage,
      parameters: this.parameters,
      buffers: this.model.namedBuffers?.() ?? {},
      limits: parts,
      seed: parts.seed,
      outputs: (batch) => this.batchOutputs(batch, true),
    });
    this.hooks = new Hooks(parts.callbacks, this);
    this.watcher = this.makeWatcher();
    this.batchCallbacks = parts.batchCallbacks;
    this.epochCallbacks = parts.epochCallbacks;
    this.callbackStates = new CallbackStates([...parts.callbacks, ...parts.batchCallbacks, ...parts.epochCallbacks]);
  }

  /**
   * The original's factory: parts may be instances, configs such as `{ type: 'adamw', lr: 1e-3 }` of the given plugins, or
   * `LazyPart`s; they are built in order (optimizer on the trainable parameters, schedulers on the optimizer).
   */
  static fromPartialObjects({
    plugins = [],
    ...options
  }: PartialObjects & { plugins?: readonly PluginLike[] }): GradientDescentTrainer {
    return new GradientDescentTrainer(partsFromPartialObjects(options, plugins));
  }

  /** Epochs without improvement that end training, or null. May be changed during training. */
  get patience(): number | null {
    return this.metricTracker.patience;
  }

  set patience(patience: number | null) {
    this.metricTracker.patience = patience;
  }

  get epoch(): number {
    return this.progress.epoch;
  }

  get batchNumTotal(): number {
    return this.progress.batchNumTotal;
  }

  get batchesThisEpoch(): number {
    return this.progress.batchesThisEpoch;
  }

  get stepsPerEpoch(): number | null {
    const length = this.dataLoader.length(this.communicator.worldSize);
    return length === null ? null : Math.ceil(length / this.accumulation);
  }

  get learningRates(): readonly number[] {
    return this.optimizer.groups.map(({ options }) => Number(options['lr']));
  }

  /**
   * All outputs of the model for a batch; in training with the regularization penalty as `regLoss` and added to `loss`.
   * Synchronous, part of a step: an override changes training on every engine.
   *
   * @throws ModelError (`X_MODEL_NO_LOSS`, `X_MODEL_LOSS_NOT_SCALAR`) in training.
   */
  batchOutputs(batch: Batch, forTraining: boolean): Outputs {
    const outputs = this.model.forward(batch, { training: forTraining });
    if (!forTraining) return outputs;
    const { loss } = outputs;
    if (loss === undefined) {
      throw new ModelError(
        'X_MODEL_NO_LOSS',
        `the model's forward() must return a scalar "loss" in training; it returned ${Object.keys(outputs).join(', ') || 'nothing'}`,
      );
    }
    if (loss.size !== 1) {
      throw new ModelError(
        'X_MODEL_LOSS_NOT_SCALAR',
        `the model's "loss" must be a scalar, it has shape [${loss.shape}]; take its mean`,
      );
    }
    const regLoss = this.model.regularizationPenalty?.() ?? tf.scalar(0);
    return { ...outputs, loss: tf.add(tf.reshape(loss, []), regLoss), regLoss };
  }

  /**
   * Rescales the gradients of the step under way to `gradNorm`, between gradients and update.
   *
   * @returns their norm before, or null, with nothing done, where `gradNorm` is off.
   */
  rescaleGradients(): Promise<number | null> {
    return this.step.rescaleGradients();
  }

  /**
   * Trains up to `numEpochs`, from the newest checkpoint if there is one, and loads the best weights at the end.
   *
   * @throws InterruptedError after everything was saved, if `signal` aborts or, with `signals`, SIGTERM or SIGINT comes;
   * NonFiniteError, DataError, MetricError, ModelError, CheckpointError as they say. Callbacks' `onRunEnd` is called always.
   */
  override async train(options: TrainOptions = {}): Promise<TrainingMetrics> {
    this.control.reset();
    const stopListening = listenForInterruption(options, this.control);
    let metrics: TrainingMetrics;
    try {
      await this.engine.prepare();
      await this.restoreLatest();
      await this.hooks.fire('onRunStart');
      metrics = await this.trainEpochs();
      await this.loadBestWeights();
      await this.tensorboard.close();
    } catch (error) {
      await this.endFailedRun(error);
      throw error;
    } finally {
      stopListening();
    }
    const failure = await this.hooks.fireAll('onRunEnd', { metrics });
    if (failure !== undefined) throw failure as Error;
    return metrics;
  }

  /** Tells everybody. What fails here is logged or dropped: the error that ended the run is the one to know. */
  private async endFailedRun(error: unknown): Promise<void> {
    await this.hooks.fireAll('onError', { error });
    try {
      await this.tensorboard.close();
    } catch (closing) {
      if (closing !== error) log.warn(`the logs could not be closed: ${String(closing)}`);
    }
    await this.hooks.fireAll('onRunEnd', { metrics: null });
  }

  private async trainEpochs(): Promise<TrainingMetrics> {
    const { progress, metricTracker: tracker, isMaster } = this;
    const startEpoch = progress.epoch;
    const startTime = Date.now();
    const metrics: TrainingMetrics = {
      best_epoch: tracker.bestEpoch,
      ...prefixed('best_validation_', tracker.bestEpochMetrics),
    };
    await this.callEpochCallbacks({}, -1);

    for (; progress.epoch < this.numEpochs && !this.control.stopRequested; progress.nextEpoch()) {
      const { epoch } = progress;
      log.info(`Epoch ${epoch}/${this.numEpochs - 1}`);
      const training = await this.trainEpoch();
      if (this.control.stopRequested) break;
      for (const [name, value] of Object.entries(training).filter(([key]) => key.endsWith('_memory_MB'))) {
        metrics[`peak_${name}`] = Math.max(Number(metrics[`peak_${name}`] ?? 0), value);
      }
      const validation = this.validationDataLoader === null ? null : await this.evaluate(this.validationDataLoader);
      const watched = validation === null ? null : this.watchedValue(validation);
      if (watched !== null) tracker.addMetric(watched);
      if (tracker.shouldStopEarly()) {
        log.info('Ran out of patience. Stopping training.');
        break;
      }
      if (isMaster) await this.tensorboard.logMetrics(training, validation ?? {}, epoch + 1);
      Object.assign(metrics, {
        training_duration: formatDuration(Date.now() - startTime),
        training_start_epoch: startEpoch,
        training_epochs: epoch - startEpoch,
        epoch,
        ...prefixed('training_', training),
        ...prefixed('validation_', validation ?? {}),
      });
      if (tracker.isBestSoFar) {
        Object.assign(metrics, { best_epoch: epoch, ...prefixed('best_validation_', validation ?? {}) });
        tracker.bestEpochMetrics = validation ?? {};
      }
      await this.writeEpochMetrics(metrics, epoch);
      this.learningRateScheduler?.step(watched);
      this.momentumScheduler?.step(watched);
      progress.epochDone();
      await this.saveCheckpoint(tracker.isBestSoFar);
      await this.callEpochCallbacks(metrics, epoch);
      await this.hooks.fire('onEpochEnd', { metrics });
    }
    return metrics;
  }

  private async trainEpoch(): Promise<MetricValues> {
    const { progress, running, communicator, accumulation } = this;
    const memory = { [`worker_${communicator.rank}_memory_MB`]: peakMemoryMB() };
    const { rank, worldSize } = communicator;
    const start = progress.batchesThisEpoch * accumulation;
    if (start === 0) running.reset();
    await this.hooks.fire('onEpochStart');

    const batches = this.dataLoader.epoch({ epoch: progress.epoch, start, rank, worldSize });
    for await (const group of inLockstep(groupsOf(batches, accumulation), communicator, (rest) =>
      rest.forEach(disposeBatch),
    )) {
      try {
        await this.hooks.fire('onStepStart');
        const batchNumTotal = progress.batchNumTotal + 1;
        const result = await this.step.run(group, batchNumTotal, this.watcher, this.tensorboard.needs(batchNumTotal));
        try {
          await this.stepDone(group, result);
        } finally {
          tf.dispose([...result.outputs, result.gradients ?? {}, result.parametersBefore ?? {}] as tf.TensorContainer);
        }
      } finally {
        group.forEach(disposeBatch);
      }
      await this.honourRequests();
      if (this.control.stopRequested) break;
      await yieldToEventLoop();
    }
    if (progress.batchesThisEpoch === 0) {
      throw new DataError(
        'X_DATA_EMPTY',
        'the data loader gave no training batch; look at the path, the filter and the batch size',
      );
    }
    await communicator.barrier();
    const values = await running.global();
    if (!this.control.stopRequested) running.reset();
    return { ...values, ...memory };
  }

  private async stepDone(group: readonly Batch[], result: StepResult): Promise<void> {
    const { progress, running } = this;
    const share = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + Math.fround(value / group.length), 0);
    const loss = share(result.losses);
    running.addLoss(loss, share(result.regLosses));
    for (const [i, outputs] of result.outputs.entries()) await running.update(outputs, group[i]!);
    progress.groupDone(result.committed);
    const metrics = running.local();
    if (this.isMaster) {
      await this.tensorboard.logBatch({
        ...result,
        batchNumTotal: progress.batchNumTotal,
        parameters: this.parameters,
        learningRates: this.learningRatesByName(),
        histogramParameters: this.model.parametersForHistograms?.() ?? this.parameters.names,
        histogramActivations: this.model.activationsForHistograms?.() ?? [],
        batches: group,
        loss,
        metrics,
      });
      const saved = await this.checkpointer?.maybeSaveCheckpoint(this, this.position());
      if (saved === true) await this.hooks.fire('onCheckpoint', { ...this.position(), isBestSoFar: false });
    }
    await this.callBatchCallbacks(group, result.outputs, progress.batchesThisEpoch, true);
    await this.hooks.fire('onStepEnd', {
      batchInputs: group,
      batchOutputs: result.outputs,
      loss,
      gradientNorm: result.gradientNorm,
      metrics,
    });
  }

  /** Validates with the averaged weights where there is a moving average, with the raw ones otherwise. */
  private async evaluate(dataLoader: DataLoader): Promise<MetricValues> {
    const { communicator, movingAverage } = this;
    const metrics = new RunningMetrics(this.model.metrics ?? [], communicator);
    await this.hooks.fire('onEvaluateStart', { numBatches: dataLoader.length(communicator.worldSize) });
    await evaluatePass({
      engine: this.engine,
      communicator,
      state: this.step.state,
      outputs: (batch) => this.batchOutputs(batch, false),
      dataLoader,
      epoch: this.progress.epoch,
      parameters: movingAverage === null ? 'raw' : 'averaged',
      onBatch: async (batch, outputs) => {
        if (outputs['loss'] !== undefined) {
          metrics.addLoss((await outputs['loss'].data())[0]!, (await outputs['regLoss']?.data())?.[0] ?? 0);
        }
        await metrics.update(outputs, batch);
        await this.callBatchCallbacks([batch], [outputs], metrics.numLosses, false);
      },
    });
    const values = await metrics.global();
    metrics.reset();
    await this.hooks.fire('onEvaluateEnd', { metrics: values });
    return values;
  }

  /** Does what was asked for since the last step: save, evaluate, and stop for good. */
  private async honourRequests(): Promise<void> {
    const { control } = this;
    if (control.takeSave() || control.stopRequested) await this.saveCheckpoint(false);
    if (control.takeEvaluate() && this.validationDataLoader !== null)
      await this.evaluateInEpoch(this.validationDataLoader);
    if (control.interruption === null) return;
    await this.saveCheckpoint(false);
    const { epoch, batchNumTotal } = this.progress;
    throw new InterruptedError(
      `training was interrupted (${control.interruption}) in epoch ${epoch + 1} after ${batchNumTotal} steps; ` +
        (this.checkpointer === null
          ? 'there is no checkpointer, so nothing was saved'
          : 'the state was saved, and a run with --recover goes on from here'),
      control.interruption,
    );
  }

  /** Metrics are shared between training and validation: those of the epoch under way are put back afterwards. */
  private async evaluateInEpoch(dataLoader: DataLoader): Promise<void> {
    const saved = this.running.stateDict();
    this.running.reset();
    try {
      await this.evaluate(dataLoader);
    } finally {
      this.running.loadStateDict(saved);
    }
  }

  private watchedValue(validation: Readonly<MetricValues>): number {
    const value = validation[this.watchedMetric];
    if (value !== undefined) return value;
    throw new MetricError(
      'X_METRIC_UNKNOWN',
      `the validation metric "${this.watchedMetric}" is not produced by the model; available are ${Object.keys(validation).sort().join(', ')}`,
    );
  }

  /** Saves, completely, where the run is now. */
  private async saveCheckpoint(isBestSoFar: boolean): Promise<void> {
    if (this.checkpointer === null) return;
    if (this.isMaster) await this.checkpointer.saveCheckpoint(this, this.position(), isBestSoFar);
    await this.communicator.barrier();
    await this.hooks.fire('onCheckpoint', { ...this.position(), isBestSoFar });
  }

  override getCheckpointState(): CheckpointState {
    return snapshot(this.model, this.movingAverage, this.statefulParts());
  }

  private async restoreLatest(): Promise<void> {
    if (this.checkpointer === null) return;
    if (this.dataLoader.resumability === 'once') {
      log.warn(
        'the data loader yields its data once: a run that is resumed in the middle of an epoch cannot go on exactly',
      );
    }
    const restored = await this.checkpointer.restoreCheckpoint();
    if (restored === null) return;
    try {
      restoreInto(this.model, this.movingAverage, this.statefulParts(), restored);
    } finally {
      tf.dispose(restored as unknown as tf.TensorContainer);
    }
    log.info(`going on from epoch ${this.epoch}, after ${this.batchNumTotal} steps`);
  }

  private async loadBestWeights(): Promise<void> {
    if (this.checkpointer === null) return;
    const best: TensorMap | null = await this.checkpointer.bestModelState();
    if (best === null) {
      if (this.control.stopRequested) return;
      throw new CheckpointError(
        'X_CHECKPOINT',
        'there are no best weights to load: no epoch was completed; is numEpochs 0?',
      );
    }
    try {
      loadModelState(this.model, best);
    } finally {
      tf.dispose(best);
    }
  }

  /** In the order of restoring: the optimizer before the schedulers, as the original does. */
  private statefulParts(): StatefulParts {
    return {
      progress: this.progress,
      optimizer: this.optimizer,
      step: this.step,
      learningRateScheduler: this.learningRateScheduler,
      momentumScheduler: this.momentumScheduler,
      movingAverage: this.movingAverage,
      precision: this.precision,
      metricTracker: this.metricTracker,
      epochMetrics: this.running,
      callbacks: this.callbackStates,
    };
  }

  private position(): CheckpointPosition {
    const { epoch, batchesThisEpoch, batchNumTotal, epochFinished } = this.progress;
    return { epoch, batchesThisEpoch: epochFinished ? 0 : batchesThisEpoch, batchNumTotal };
  }

  private makeWatcher(): StepWatcher {
    return {
      watches:
        this.hooks.watchesGradients || this.rescaleGradients !== GradientDescentTrainer.prototype.rescaleGradients,
      microBatchEnded: (index, loss) => this.hooks.fire('onMicroBatchEnd', { index, loss }),
      rescale: () => this.rescaleGradients(),
      gradientsReady: (gradients, gradientNorm) => this.hooks.fire('onGradients', { gradients, gradientNorm }),
      schedule: (batchNumTotal) => {
        this.learningRateScheduler?.stepBatch(batchNumTotal);
        this.momentumScheduler?.stepBatch(batchNumTotal);
      },
    };
  }

  private learningRatesByName(): Record<string, number> {
    return Object.fromEntries(
      this.optimizer.groups.flatMap(({ parameters, options }) =>
        parameters.map(({ name, trainable }) => [name, trainable ? Number(options['lr']) : 0] as const),
      ),
    );
  }

  private async callBatchCallbacks(
    batchInputs: readonly Batch[],
    batchOutputs: readonly Outputs[],
    batchNumber: number,
    isTraining: boolean,
  ): Promise<void> {
    const { epoch, isMaster } = this;
    for (const callback of this.batchCallbacks) {
      await callback.onBatch(this, { batchInputs, batchOutputs, epoch, batchNumber, isTraining, isMaster });
    }
  }

  private async callEpochCallbacks(metrics: TrainingMetrics, epoch: number): Promise<void> {
    for (const callback of this.epochCallbacks)
      await callback.onEpoch(this, { metrics, epoch, isMaster: this.isMaster });
  }

  private async writeEpochMetrics(metrics: TrainingMetrics, epoch: number): Promise<void> {
    if (this.serializationDir === null || !this.isMaster) return;
    await mkdir(this.serializationDir, { recursive: true });
    await writeJson(join(this.serializationDir, `metrics_epoch_${epoch}.json`), metrics);
  }
}

function asLoader(batches: DataLoader | readonly Batch[]): DataLoader {
  return batches instanceof DataLoader ? batches : new BatchList(batches);
}

function prefixed(prefix: string, values: Readonly<MetricValues>): MetricValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}
