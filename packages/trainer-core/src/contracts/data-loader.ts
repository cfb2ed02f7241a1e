import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { Batch } from './batch.js';
import type { Json } from './dataset.js';

/**
 * How a loader can go on in the middle of an epoch.
 * - `seekable`: it jumps to any batch.
 * - `replayable`: it gives the same batches again, and those before the wanted one are dropped.
 * - `once`: it cannot; a run that may be resumed warns at the start.
 */
export type Resumability = 'seekable' | 'replayable' | 'once';

/** Which batches of an epoch a worker wants. */
export interface EpochRequest {
  /** 0-based; the order of an epoch is a pure function of (seed, epoch, index). */
  readonly epoch: number;
  /** The number of this worker's batches to leave out at the start. Default 0. */
  readonly start?: number;
  /** This worker's number, 0-based. Default 0. */
  readonly rank?: number;
  /** The number of workers; each gets its own share of every epoch. Default 1. */
  readonly worldSize?: number;
}

/** A source of batches, epoch by epoch. */
export abstract class DataLoader {
  static readonly kind: string = 'dataLoader';
  static readonly defaultName: string = 'default';
  static readonly register: Register<DataLoader> = registerFor('dataLoader');

  /** Batches in an epoch of one worker, or null where it cannot be known. */
  abstract length(worldSize?: number): number | null;

  abstract readonly resumability: Resumability;

  /**
   * What its batches depend on, as plain data: a run that goes on compares it. The order of examples is in it as a
   * fingerprint, so that another seed is noticed. Default: nothing; kind, resumability and length are compared besides.
   */
  describe(): { readonly [entry: string]: Json } {
    return {};
  }

  /** The batches of an epoch. Whoever takes a batch owns its tensors and disposes them. */
  abstract epoch(request: EpochRequest): AsyncIterable<Batch>;
}
