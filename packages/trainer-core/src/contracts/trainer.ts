import { ConfigError } from '../errors.js';
import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import { disposeState } from '../state/state-dict.js';
import type { StateDict } from '../state/state-dict.js';
import type { Checkpointable } from './checkpointer.js';
import type { TensorMap } from './batch.js';

/** What `train()` returns and `metrics.json` holds: metrics by name, and what is known of the run. */
export type TrainingMetrics = Record<string, string | number | null>;

/**
 * How a run goes on from a checkpoint.
 * - `exact`: bit for bit as if it had not been stopped. What differs is refused, all of it in one message.
 * - `anyway`: as far as it can: what differs is warned of, and what does not fit begins anew. Only weights have to fit.
 * - `weights`: with the weights alone; everything else begins anew, at the first epoch.
 */
export type ResumeMode = 'exact' | 'anyway' | 'weights';

/** How a run goes on, and how it may be interrupted from outside. */
export interface TrainOptions {
  /** What is taken of a checkpoint that is found. Default `exact`. */
  readonly resume?: ResumeMode | undefined;
  /** When it aborts, the run saves at the next step boundary and throws an `InterruptedError`. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether SIGTERM and SIGINT do the same. A library installs no handlers: default false. A second signal ends the
   * process at once, with status 143 or 130.
   */
  readonly signals?: boolean | undefined;
}

/** The options of every trainer. */
export interface TrainerOptions {
  /** The folder that the run writes to; null writes nothing. Default null. */
  readonly serializationDir?: string | null | undefined;
  /** A device number, negative for the CPU. Default -1. */
  readonly cudaDevice?: number | undefined;
  /** Whether this is one worker of several. Default false. */
  readonly distributed?: boolean | undefined;
  /** The number of this worker on its machine. Default 0. */
  readonly localRank?: number | undefined;
  /** The number of workers. Default 1. */
  readonly worldSize?: number | undefined;
}

/** A snapshot of a run. Its tensors are its own: they do not change when training goes on. */
export class CheckpointState {
  constructor(
    /** What inference needs: the weights (averaged ones where there is a moving average) and buffers. */
    readonly modelState: Readonly<TensorMap>,
    /** What going on needs. */
    readonly trainingState: StateDict,
  ) {}

  /** Frees the snapshot. Whoever asked for it calls this, also after an error. */
  dispose(): void {
    disposeState(this.modelState);
    disposeState(this.trainingState);
  }
}

/** @throws ConfigError (`X_DISTRIBUTED`) for a distributed run with fewer than two workers. */
export function checkWorkers(distributed: boolean, worldSize: number): void {
  if (!distributed || worldSize > 1) return;
  throw ConfigError.of(
    'X_DISTRIBUTED',
    'trainer.worldSize',
    `distributed training needs more than 1 worker, received ${worldSize}`,
  );
}

/** Trains a model: the contract that `gradient_descent` and every other trainer fulfil. */
export abstract class Trainer implements Checkpointable {
  static readonly kind: string = 'trainer';
  static readonly defaultName: string = 'gradient_descent';
  static readonly register: Register<Trainer> = registerFor('trainer');

  readonly serializationDir: string | null;
  readonly cudaDevice: number;
  readonly distributed: boolean;
  readonly localRank: number;
  readonly worldSize: number;

  /** @throws ConfigError for `distributed` with fewer than two workers, and for a device that is not a whole number. */
  constructor({
    serializationDir = null,
    cudaDevice = -1,
    distributed = false,
    localRank = 0,
    worldSize = 1,
  }: TrainerOptions = {}) {
    if (!Number.isInteger(cudaDevice)) {
      throw ConfigError.of(
        'X_CONFIG_WRONG_TYPE',
        'trainer.cudaDevice',
        `expected one device number (-1 for the CPU), received ${JSON.stringify(cudaDevice)}; a trainer uses one device, ` +
          'several are listed under "distributed"',
      );
    }
    checkWorkers(distributed, worldSize);
    this.serializationDir = serializationDir;
    this.cudaDevice = cudaDevice;
    this.distributed = distributed;
    this.localRank = localRank;
    this.worldSize = worldSize;
  }

  /** Whether this worker writes files. */
  get isMaster(): boolean {
    return this.localRank === 0;
  }

  /** Trains until done, and returns the metrics of the last completed epoch and of the best one. */
  abstract train(options?: TrainOptions): Promise<TrainingMetrics>;

  /** A snapshot that a checkpointer can save, and from which training can go on. */
  abstract getCheckpointState(): CheckpointState;
}
