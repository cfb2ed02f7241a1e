import type { MetricValues } from '../contracts/metric.js';
import { ConfigError } from '../errors.js';
import { log } from '../log.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** A metric to watch: its name in the validation metrics, and which way is better. */
export interface WatchedMetric {
  readonly name: string;
  readonly shouldDecrease: boolean;
}

/**
 * Reads a signed metric name: `-loss` is better when smaller, `+accuracy` when larger.
 *
 * @throws ConfigError (`X_CONFIG_INVALID`) without a sign or a name.
 */
export function parseWatchedMetric(signed: string, path = 'validationMetric'): WatchedMetric {
  if (!/^[+-]./.test(signed)) {
    throw ConfigError.of(
      'X_CONFIG_INVALID',
      path,
      `a metric must start with + (larger is better) or - (smaller is better), as in "+accuracy" or "-loss"; received "${signed}"`,
    );
  }
  return { name: signed.slice(1), shouldDecrease: signed.startsWith('-') };
}

/** Follows one metric over epochs: the best so far, and how long it has not improved. A NaN is never an improvement. */
export class MetricTracker implements Stateful {
  bestSoFar: number | null = null;
  bestEpoch: number | null = null;
  /** All validation metrics of the best epoch. */
  bestEpochMetrics: MetricValues = {};
  epochsWithNoImprovement = 0;
  /** Whether the last value was the best; true before any value, so that the first checkpoint counts as best. */
  isBestSoFar = true;
  private epochNumber = 0;

  /** @param patience how many epochs without improvement end training; null never does. */
  constructor(
    readonly shouldDecrease: boolean,
    public patience: number | null = null,
  ) {}

  /** @param epoch the epoch of the value, where not every epoch has one. Default: the one after that of the last value. */
  addMetric(value: number, epoch: number = this.epochNumber): void {
    const improved =
      !Number.isNaN(value) &&
      (this.bestSoFar === null || (this.shouldDecrease ? value < this.bestSoFar : value > this.bestSoFar));
    this.isBestSoFar = improved;
    if (improved) {
      this.bestSoFar = value;
      this.bestEpoch = epoch;
      this.epochsWithNoImprovement = 0;
    } else {
      this.epochsWithNoImprovement += 1;
    }
    this.epochNumber = epoch + 1;
  }

  shouldStopEarly(): boolean {
    return this.patience !== null && this.epochsWithNoImprovement >= this.patience;
  }

  /** Forgets the values; patience, direction and the best epoch's metrics stay. */
  clear(): void {
    this.bestSoFar = null;
    this.bestEpoch = null;
    this.epochsWithNoImprovement = 0;
    this.isBestSoFar = true;
    this.epochNumber = 0;
  }

  stateDict(): StateDict {
    const { bestSoFar, bestEpoch, bestEpochMetrics, epochsWithNoImprovement, isBestSoFar, epochNumber } = this;
    const { patience, shouldDecrease } = this;
    return {
      bestSoFar,
      bestEpoch,
      bestEpochMetrics: { ...bestEpochMetrics },
      epochsWithNoImprovement,
      isBestSoFar,
      epochNumber,
      patience,
      shouldDecrease,
    };
  }

  /** Patience and direction stay those of this run; a warning tells where the saved ones differ. */
  loadStateDict(state: StateDict): void {
    const loaded = {
      bestSoFar: state['bestSoFar'] === null ? null : readState(state, 'bestSoFar', 'number'),
      bestEpoch: state['bestEpoch'] === null ? null : readState(state, 'bestEpoch', 'number'),
      bestEpochMetrics: { ...(readState(state, 'bestEpochMetrics', 'object') as MetricValues) },
      epochsWithNoImprovement: readState(state, 'epochsWithNoImprovement', 'number'),
      isBestSoFar: readState(state, 'isBestSoFar', 'boolean'),
      epochNumber: readState(state, 'epochNumber', 'number'),
    };
    for (const key of ['patience', 'shouldDecrease'] as const) {
      if (state[key] !== undefined && state[key] !== this[key]) {
        log.warn(
          `the checkpoint was made with ${key} ${JSON.stringify(state[key])}; going on with ${JSON.stringify(this[key])} as configured`,
        );
      }
    }
    Object.assign(this, loaded);
  }
}
