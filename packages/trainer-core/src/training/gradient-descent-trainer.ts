import type { Batch, Outputs } from '../contracts/batch.js';
import type { TrainerView } from '../contracts/callbacks.js';
import type { Checkpointer } from '../contracts/checkpointer.js';
import type { DataLoader } from '../contracts/data-loader.js';
import type { Engine } from '../contracts/engine.js';
import type { MetricValues } from '../contracts/metric.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import type { Optimizer } from '../contracts/optimizer.js';
import type { LearningRateScheduler, MomentumScheduler } from '../contracts/scheduler.js';
import type { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import { Trainer } from '../contracts/trainer.js';
import type { CheckpointState, ResumeMode, TrainingMetrics, TrainOptions } from '../contracts/trainer.js';
import { DataError } from '../errors.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { log } from '../log.js';
import { withRunLock } from '../run/run-lock.js';
import type { PluginLike } from '../plugins/plugin.js';
import { ParameterSet } from '../state/parameters.js';
import { checkSaves, noCommunicator, noPrecision } from './assemble.js';
import { asLoader } from './batch-list.js';
import type { Rules } from './compatibility.js';
import { deviceProblem } from './device.js';
import { endFailedRun } from './end-of-failed-run.js';
import { GradientDescentConfig } from './gradient-descent-options.js';
import type { GradientDescentTrainerOptions, PartialObjects } from './gradient-descent-options.js';
import { interruptedError, listenForInterruption } from './interruption.js';
import { learningRatesOfGroups } from './learning-rates.js';
import { yieldToEventLoop } from './lockstep.js';
import { peakMemoryMB } from './memory.js';
import { MetricTracker } from './metric-tracker.js';
import { NoTensorboard } from './neutral.js';
import { everyStepSkipped } from './non-finite.js';
import type { Undone } from './non-finite.js';
import { builtParts, partsFromConfig, partsFromPartialObjects } from './parts.js';
import { penalizedOutputs } from './penalized-outputs.js';
import { RunControl } from './run-control.js';
import { runForward } from './run-forward.js';
import { composeRun } from './run-parts.js';
import type { RunParts } from './run-parts.js';
import { snapshot } from './saved-run.js';
import { StepReport } from './step-report.js';
import { disposeStep } from './training-step.js';
import type { StepResult } from './training-step.js';
import { WatchedMetrics } from './watched-metrics.js';

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
  /** The norm that gradients are rescaled to if theirs is larger; true only reports it; null, false or 0 is off. */
  readonly gradNorm: number | boolean | null;
  /** May be changed during training. */
  numEpochs: number;

  private readonly accumulation: number;
  private readonly run: RunParts;

  /**
   * @throws ConfigError with every option that does not fit, and for parts that only another package provides (opt levels,
   * workers, devices, a checkpointer for a serialization folder).
   */
  constructor(options: GradientDescentTrainerOptions) {
    const parts = builtParts(options);
    super(parts);
    this.engine = parts.engine ?? new EagerEngine();
    this.checkDevice();
    if (parts.distributed && (parts.communicator ?? null) === null) throw noCommunicator();
    if (parts.optLevel !== null && (parts.precision ?? null) === null) throw noPrecision(parts.optLevel);
    if (parts.serializationDir !== null) checkSaves(parts.checkpointer);

    this.model = parts.model;
    this.parameters = ParameterSet.of(this.model.namedVariables());
    this.parameters.freeze(parts.noGrad);
    for (const pattern of this.parameters.unmatched(parts.noGrad)) {
      log.warn(`When freezing parameters by noGrad, ${pattern} does not match any parameter name`);
    }
    this.optimizer = parts.optimizer!;
    this.dataLoader = asLoader(parts.dataLoader);
    this.validationDataLoader = parts.validationDataLoader ? asLoader(parts.validationDataLoader) : null;
    this.learningRateScheduler = parts.learningRateScheduler ?? null;
    this.momentumScheduler = parts.momentumScheduler ?? null;
    this.movingAverage = parts.movingAverage ?? null;
    this.checkpointer = parts.checkpointer ?? null;
    this.tensorboard = parts.tensorboardWriter ?? new NoTensorboard();
    this.metricTracker = new MetricTracker(new WatchedMetrics(parts.validationMetric).shouldDecrease, parts.patience);
    this.numEpochs = parts.numEpochs;
    this.gradNorm = parts.gradNorm;
    this.accumulation = parts.numGradientAccumulationSteps;
    const rescalesItself = this.rescaleGradients !== GradientDescentTrainer.prototype.rescaleGradients;
    this.run = composeRun(this, parts, rescalesItself);
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
    return this.run.progress.epoch;
  }

  get batchNumTotal(): number {
    return this.run.progress.batchNumTotal;
  }

  /** Steps that were left out, because something in them was not finite. */
  get stepsSkipped(): number {
    return this.run.progress.stepsSkipped;
  }

  get batchesThisEpoch(): number {
    return this.run.progress.batchesThisEpoch;
  }

  get stepsPerEpoch(): number | null {
    const length = this.dataLoader.length(this.run.communicator.worldSize);
    return length === null ? null : Math.ceil(length / this.accumulation);
  }

  get learningRates(): readonly number[] {
    return learningRatesOfGroups(this.optimizer);
  }

  /**
   * All outputs of the model for a batch; in training with the regularization penalty as `regLoss` and added to `loss`.
   * Synchronous, part of a step: an override changes training on every engine.
   *
   * @throws ModelError (`X_MODEL_NO_LOSS`, `X_MODEL_LOSS_NOT_SCALAR`) in training.
   */
  batchOutputs(batch: Batch, forTraining: boolean): Outputs {
    if (!forTraining) return runForward(this.model, batch, { training: false });
    return penalizedOutputs(this.model, batch, this.run.rules.regLossMetrics === 'always' ? 'zero' : 'none');
  }

  /**
   * Rescales the gradients of the step under way to `gradNorm`, between gradients and update.
   *
   * @returns their norm before, or null, with nothing done, where `gradNorm` is off.
   */
  rescaleGradients(): Promise<number | null> {
    return this.run.step.rescaleGradients();
  }

  override getCheckpointState(): CheckpointState {
    return snapshot(this.run.saved);
  }

  /**
   * Trains up to `numEpochs`, from the newest checkpoint if there is one, and loads the best weights at the end.
   *
   * @throws InterruptedError after everything was saved, if `signal` aborts or, with `signals`, SIGTERM or SIGINT comes;
   * SerializationDirError (`X_DIR_LOCKED`) if another run writes to the folder; NonFiniteError, DataError, MetricError,
   * ModelError, CheckpointError as they say, and what callbacks throw: the error that ended the run, itself. Callbacks'
   * `onRunEnd` is called always.
   */
  override train(options: TrainOptions = {}): Promise<TrainingMetrics> {
    return withRunLock(this.isMaster ? this.serializationDir : null, () => this.trainAlone(options));
  }

  private async trainAlone(options: TrainOptions): Promise<TrainingMetrics> {
    const { hooks } = this.run;
    this.control.reset();
    const stopListening = listenForInterruption(options, this.control);
    let metrics: TrainingMetrics;
    try {
      await this.engine.prepare();
      this.checkDevice();
      await this.restoreLatest(options.resume);
      await this.run.checkpoints.checkSpace();
      await hooks.fire('onRunStart');
      metrics = await this.trainEpochs();
      await this.run.checkpoints.finish();
      await this.loadFinalWeights();
      await this.tensorboard.close();
    } catch (error) {
      await endFailedRun(error, this.run, this.tensorboard);
      throw error;
    } finally {
      this.run.checkpoints.forget();
      stopListening();
    }
    await hooks.fireAll('onRunEnd', { metrics });
    return metrics;
  }

  /** Asked again once the engine is prepared, which may have chosen another one by then. */
  private checkDevice(): void {
    const unusable = deviceProblem(this.cudaDevice, this.engine);
    if (unusable !== null) throw unusable;
  }

  private async restoreLatest(mode?: ResumeMode): Promise<void> {
    if (this.checkpointer !== null && this.dataLoader.resumability === 'once') {
      log.warn(
        'the data loader yields its data once: a run that is resumed in the middle of an epoch cannot go on exactly',
      );
    }
    const restored = await this.run.checkpoints.restoreLatest(mode);
    if (restored) log.info(`going on from epoch ${this.epoch}, after ${this.batchNumTotal} steps`);
  }

  private async trainEpochs(): Promise<TrainingMetrics> {
    const { control, metricTracker: tracker } = this;
    const { rules, progress, running, watched, schedules, checkpoints, communicator, observers, report } = this.run;
    report.start(progress.epoch);
    if (rules.epochCallbacksBeforeTraining) await observers.callEpochCallbacks({}, -1);

    for (; progress.epoch < this.numEpochs && !control.stopRequested; progress.nextEpoch()) {
      if (this.stopsEarlyAt('epochEnd')) break;
      const { epoch } = progress;
      log.info(`Epoch ${epoch}/${this.numEpochs - 1}`);
      const training = await this.trainEpoch();
      if (control.stopRequested) break;
      report.epochTrained(training);

      const validates = !control.takeSkipValidation();
      const validation = validates ? await this.validate() : null;
      await this.honourInterruption();
      running.reset();
      if (validation !== null) tracker.addMetric(watched.value(validation), epoch);
      if (this.stopsEarlyAt('validation')) break;

      const isBestSoFar = validates && tracker.isBestSoFar;
      if (this.isMaster) await this.tensorboard.logMetrics(training, validation ?? {}, epoch + 1);
      await report.epochEnded({ epoch, training, validation, isBestSoFar });
      schedules.epochEnded(validation === null ? null : watched[rules.schedulerMetric](validation));
      await this.inCheckpointOrder(
        () => {
          progress.epochDone();
          return checkpoints.save(isBestSoFar, validation);
        },
        () => observers.epochEnded(report.metrics),
      );
      await control.agree(communicator);
    }
    return report.metrics;
  }

  private async trainEpoch(): Promise<MetricValues> {
    const { progress, running, communicator, hooks } = this.run;
    const memory = { [`worker_${communicator.rank}_memory_MB`]: peakMemoryMB() };
    if (progress.batchesThisEpoch === 0) running.reset();
    await hooks.fire('onEpochStart');
    if (progress.batchesThisEpoch > 0) {
      // a checkpoint may be older than what was asked for after its step
      await this.honourRequests();
      if (this.control.stopRequested) return {};
    }
    for await (const group of this.run.groups()) {
      await hooks.fire('onStepStart');
      await this.trainStep(group);
      // first, or a signal that came while the step kept the process busy is heard only after the next one
      await yieldToEventLoop();
      await this.honourRequests();
      if (this.control.stopRequested) break;
    }
    if (progress.batchesThisEpoch === 0 && !this.control.stopRequested) {
      throw new DataError(
        'X_DATA_EMPTY',
        'the data loader gave no training batch; look at the path, the filter and the batch size',
      );
    }
    if (running.numLosses === 0 && !this.control.stopRequested) throw everyStepSkipped(progress);
    await communicator.barrier();
    return { ...(await running.global()), ...memory };
  }

  private async trainStep(group: readonly Batch[]): Promise<void> {
    const { progress, step, watcher } = this.run;
    const batchNumTotal = progress.batchNumTotal + 1;
    const result = await step.run(group, batchNumTotal, watcher, this.tensorboard.needs(batchNumTotal));
    try {
      if (result.undone === null) await this.stepDone(group, result);
      else this.leaveOut(group, result.undone);
    } finally {
      disposeStep(result);
    }
  }

  /** Of a step that is skipped the data moves on, and a counter; one that stops the run leaves it as it was before. */
  private leaveOut(group: readonly Batch[], undone: Undone): void {
    const { progress } = this.run;
    if (undone === 'stop') return this.control.stop('stopped at a value that was not finite');
    progress.groupDone(group, false);
    if (this.isMaster) this.tensorboard.addScalar('train', 'steps_skipped', progress.stepsSkipped, this.batchNumTotal);
  }

  private async stepDone(group: readonly Batch[], result: StepResult): Promise<void> {
    const { progress, running, checkpoints, observers } = this.run;
    const { outputs: batchOutputs, loss, gradientNorm } = result;
    running.addLoss(loss, result.regLoss);
    for (const [i, outputs] of batchOutputs.entries()) await running.update(outputs, group[i]!);
    progress.groupDone(group, result.committed);
    const metrics = running.local();
    if (this.isMaster) await this.tensorboard.logBatch(new StepReport(this, group, result, metrics));
    await this.inCheckpointOrder(
      () => checkpoints.maybeSave(),
      () => observers.stepEnded({ batchInputs: group, batchOutputs, loss, gradientNorm, metrics }),
    );
  }

  /** The metrics of the validation data, or null without any. */
  private async validate(): Promise<MetricValues | null> {
    const { validationDataLoader } = this;
    return validationDataLoader === null ? null : this.run.evaluation.run(validationDataLoader, this.epoch);
  }

  /** Does what was asked for since the last step: evaluate, save, and stop for good. */
  private async honourRequests(): Promise<void> {
    const { communicator, checkpoints } = this.run;
    const { control } = this;
    await control.agree(communicator);
    if (control.interruption === null && control.takeEvaluate()) {
      await this.validate();
      // of an evaluation that was cut short nothing is left: the run that goes on does it
      if (control.interruption !== null) control.evaluateNow();
      else await control.agree(communicator);
    }
    await this.honourInterruption();
    if (control.takeSave() || control.stopRequested) await checkpoints.save(false);
  }

  /** Saves and ends the run if it was interrupted. Within an epoch, validation included, it is saved as unfinished. */
  private async honourInterruption(): Promise<void> {
    const { interruption } = this.control;
    if (interruption === null) return;
    await this.run.checkpoints.save(false);
    await this.run.checkpoints.flush();
    throw interruptedError(interruption, this.run.progress, this.run.checkpoints.isStored);
  }

  private async inCheckpointOrder(save: () => Promise<void>, callCallbacks: () => Promise<void>): Promise<void> {
    const saveFirst = this.run.rules.checkpointAt === 'beforeCallbacks';
    for (const act of saveFirst ? [save, callCallbacks] : [callCallbacks, save]) await act();
  }

  private stopsEarlyAt(moment: Rules['earlyStoppingAt']): boolean {
    const stops = this.run.rules.earlyStoppingAt === moment && this.metricTracker.shouldStopEarly();
    if (stops) log.info('Ran out of patience. Stopping training.');
    return stops;
  }

  private async loadFinalWeights(): Promise<void> {
    if (this.run.rules.finalWeights === 'lastIfBest' && this.metricTracker.isBestSoFar) {
      this.movingAverage?.copyToParameters();
    } else {
      await this.run.checkpoints.loadBest(this.control.stopRequested);
    }
  }
}
