import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { MetricValues } from '../contracts/metric.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import type { Rules } from './compatibility.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { formatDuration } from './duration.js';
import { writeJson } from './json-file.js';
import type { MetricTracker } from './metric-tracker.js';

/** An epoch that is over. */
export interface FinishedEpoch {
  readonly epoch: number;
  readonly training: Readonly<MetricValues>;
  /** Null where it was not validated. */
  readonly validation: Readonly<MetricValues> | null;
  readonly isBestSoFar: boolean;
}

/**
 * The metrics of a run as `train()` returns them, and as files of its epochs hold them; with them the time that was trained,
 * without that between a stop and the next start. Of a run's state this alone depends on the clock and the machine.
 */
export class Report implements Stateful {
  /** The live object, which epoch callbacks may add to. */
  metrics: TrainingMetrics = {};
  /** What a checkpoint brought, until the run starts. */
  private restored: TrainingMetrics = {};
  /** Seconds of training before this start of the run. */
  private secondsBefore = 0;
  private startEpoch = 0;
  private startTime = Date.now();

  /** @param folder where `metrics_epoch_<n>.json` are written; null writes none. */
  constructor(
    private readonly tracker: MetricTracker,
    private readonly rules: Rules,
    private readonly folder: string | null,
  ) {}

  /** Begins, or goes on with what was restored: a run that has nothing left to do returns what it returned before. */
  start(epoch: number): void {
    const { tracker, restored } = this;
    const best = { best_epoch: tracker.bestEpoch, ...prefixed('best_validation_', tracker.bestEpochMetrics) };
    this.metrics = { ...restored, ...best };
    this.restored = {};
    this.startEpoch = epoch;
    this.startTime = Date.now();
  }

  stateDict(): StateDict {
    return { metrics: { ...this.metrics }, seconds: this.secondsBefore + (Date.now() - this.startTime) / 1000 };
  }

  loadStateDict(state: StateDict): void {
    const metrics = readState(state, 'metrics', 'object') as TrainingMetrics;
    this.secondsBefore = readState(state, 'seconds', 'number');
    this.restored = { ...metrics };
  }

  /** Peaks count as soon as an epoch is trained, whatever becomes of it. */
  epochTrained(training: Readonly<MetricValues>): void {
    const { metrics } = this;
    for (const [name, value] of Object.entries(training).filter(([key]) => key.endsWith('_memory_MB'))) {
      metrics[`peak_${name}`] = Math.max(Number(metrics[`peak_${name}`] ?? 0), value);
    }
  }

  async epochEnded({ epoch, training, validation, isBestSoFar }: FinishedEpoch): Promise<void> {
    const { startEpoch } = this;
    const counts = { training_start_epoch: startEpoch, training_epochs: epoch - startEpoch };
    Object.assign(this.metrics, {
      training_duration: formatDuration(Date.now() - this.startTime),
      ...(this.rules.epochCountMetrics ? counts : {}),
      epoch,
      ...prefixed('training_', training),
      ...prefixed('validation_', validation ?? {}),
    });
    if (isBestSoFar) {
      Object.assign(this.metrics, { best_epoch: epoch, ...prefixed('best_validation_', validation ?? {}) });
      this.tracker.bestEpochMetrics = { ...validation };
    }
    if (this.folder === null) return;
    await mkdir(this.folder, { recursive: true });
    await writeJson(join(this.folder, `metrics_epoch_${epoch}.json`), this.metrics);
  }
}

function prefixed(prefix: string, values: Readonly<MetricValues>): MetricValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}${name}`, value]));
}
