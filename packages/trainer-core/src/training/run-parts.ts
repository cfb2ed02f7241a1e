import type { Batch } from '../contracts/batch.js';
import type { Communicator } from '../contracts/communicator.js';
import type { ModelLike } from '../contracts/model.js';
import { Checkpoints } from './checkpoints.js';
import { rulesOf } from './compatibility.js';
import type { Rules } from './compatibility.js';
import { DataPosition } from './data-position.js';
import { Evaluation } from './evaluation.js';
import type { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { drawsOutsideSteps } from '../random/step-random.js';
import { Freezing } from './freezing.js';
import { epochGroups } from './groups.js';
import type { Hooks } from './hooks.js';
import { RunningMetrics } from './metrics.js';
import type { LossMetrics } from './metrics.js';
import { NonFinite, nonFiniteRules } from './non-finite.js';
import { NoPrecision, SingleProcess } from './neutral.js';
import { Observers } from './observers.js';
import type { BuiltParts } from './parts.js';
import { hasPenalty } from './penalized-outputs.js';
import { Progress } from './progress.js';
import { RecordedEngine } from './recorded-engine.js';
import { Report } from './report.js';
import { recordOf } from './record-of.js';
import type { SavedRun } from './saved-run.js';
import { Schedules } from './schedules.js';
import { TrainingStep } from './training-step.js';
import type { StepWatcher } from './training-step.js';
import { WatchedMetrics } from './watched-metrics.js';

/** What a run works with behind the trainer's public members. What is off is a neutral object. */
export interface RunParts {
  readonly rules: Rules;
  readonly progress: Progress;
  /** The metrics of the epoch under way. */
  readonly running: RunningMetrics;
  readonly watched: WatchedMetrics;
  readonly communicator: Communicator;
  readonly schedules: Schedules;
  readonly step: TrainingStep;
  readonly watcher: StepWatcher;
  readonly observers: Observers;
  readonly hooks: Hooks;
  readonly evaluation: Evaluation;
  readonly checkpoints: Checkpoints;
  /** All that a checkpoint holds. */
  readonly saved: SavedRun;
  readonly report: Report;
  /** The groups of batches of the epoch under way, from where it is. Each is freed when the loop is done with it. */
  groups(): AsyncIterable<readonly Batch[]>;
}

/**
 * Composes a run, once.
 *
 * @param trainer with its public members set.
 * @param looksIntoSteps whether something besides hooks looks between gradients and update.
 */
export function composeRun(trainer: GradientDescentTrainer, options: BuiltParts, looksIntoSteps: boolean): RunParts {
  const { engine, model, optimizer, movingAverage, learningRateScheduler, momentumScheduler, checkpointer } = trainer;
  const rules = rulesOf(options);
  const communicator = options.communicator ?? new SingleProcess();
  const precision = options.precision ?? new NoPrecision();
  const progress = new Progress();
  const schedules = new Schedules(learningRateScheduler, momentumScheduler);
  const observers = new Observers(trainer, options);
  const { hooks } = observers;
  const losses = lossMetrics(model, rules);
  const metrics = (): RunningMetrics => new RunningMetrics(model.metrics ?? [], communicator, losses);
  const running = metrics();
  const step = new TrainingStep({
    engine,
    communicator,
    precision,
    optimizer,
    movingAverage,
    parameters: trainer.parameters,
    buffers: model.namedBuffers?.() ?? {},
    limits: { ...rules, gradNorm: options.gradNorm, gradClipping: options.gradClipping },
    nonFinite: new NonFinite(precision, nonFiniteRules(options.nonFinite, options.detectAnomaly)),
    seed: options.seed,
    outputs: (batch) => trainer.batchOutputs(batch, true),
  });
  // In the order of restoring: the optimizer before the schedulers, as the original does.
  const report = new Report(trainer.metricTracker, rules, trainer.isMaster ? trainer.serializationDir : null);
  const parts = {
    progress,
    optimizer,
    step,
    learningRateScheduler,
    momentumScheduler,
    movingAverage,
    precision,
    metricTracker: trainer.metricTracker,
    epochMetrics: running,
    engine: new RecordedEngine(engine),
    dataPosition: new DataPosition(trainer.dataLoader, progress, options.numGradientAccumulationSteps),
    freezing: new Freezing(trainer.parameters),
    requests: trainer.control,
    drawsOutsideSteps,
    report,
    ...observers.states,
  };
  const saved = { model, movingAverage, parts, record: () => recordOf(trainer, options, communicator) };
  return {
    rules,
    progress,
    running,
    watched: new WatchedMetrics(options.validationMetric),
    communicator,
    schedules,
    step,
    watcher: {
      watches: looksIntoSteps || hooks.watchesGradients,
      microBatchEnded: (index, loss, outputs) => hooks.fire('onMicroBatchEnd', { index, loss, outputs }),
      rescale: () => trainer.rescaleGradients(),
      gradientsReady: (gradients, gradientNorm) => hooks.fire('onGradients', { gradients, gradientNorm }),
      schedule: (batchNumTotal) => schedules.stepStarts(batchNumTotal),
    },
    observers,
    hooks,
    evaluation: new Evaluation({
      engine,
      communicator,
      state: step.state,
      outputs: (batch) => trainer.batchOutputs(batch, false),
      training: running,
      metrics,
      parameters: movingAverage === null ? 'raw' : 'averaged',
      observers,
      control: trainer.control,
    }),
    checkpoints: new Checkpoints({
      checkpointer,
      remembersBest: rules.finalWeights === 'lastIfBest',
      trainer,
      communicator,
      hooks,
      model,
      movingAverage,
      optimizer,
      progress,
      run: saved,
    }),
    saved,
    report,
    groups: () => epochGroups(trainer.dataLoader, progress, communicator, options.numGradientAccumulationSteps),
  };
}

function lossMetrics(model: ModelLike, { regLossMetrics, batchLossMetrics }: Rules): LossMetrics {
  let penalized: boolean | undefined = regLossMetrics === 'always' ? true : undefined;
  return { regLoss: () => (penalized ??= hasPenalty(model)), ofBatches: batchLossMetrics };
}
