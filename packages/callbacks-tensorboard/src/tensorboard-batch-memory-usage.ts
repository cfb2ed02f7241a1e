import type { TrainerView } from '@x/trainer-core';
import { BatchCallback, Communicator, Engine, TensorboardWriter, tokenOf } from '@x/trainer-core';
import { z } from 'zod';

import { gatherMemory } from './gather-memory.js';

/**
 * Logs the memory in use on every batch: `memory_usage/worker_<r>_cpu` and their sum `memory_usage/cpu` (resident memory
 * of each worker), and `memory_usage/gpu_<i>` of each device, in megabytes.
 *
 * This is for debugging: asking for memory on every batch slows training down, and workers have to wait for each other.
 *
 * Source: `TensoboardBatchMemoryUsage` of AllenNLP 1.0.
 */
@BatchCallback.register(
  'tensorboard-memory-usage',
  z.strictObject({}),
  (_, run) =>
    new TensorboardBatchMemoryUsage(
      run.get(tokenOf(Engine)),
      run.get(tokenOf(TensorboardWriter)),
      run.find(Communicator),
    ),
)
export class TensorboardBatchMemoryUsage extends BatchCallback {
  /** @param communicator how the workers of a distributed run talk; left out where there is one worker. */
  constructor(
    private readonly engine: Engine,
    private readonly writer: TensorboardWriter,
    private readonly communicator?: Communicator,
  ) {
    super();
  }

  override async onBatch({ batchNumTotal }: Pick<TrainerView, 'batchNumTotal'>): Promise<void> {
    const own = this.engine.memory();
    const reports = this.communicator === undefined ? [own] : await gatherMemory(own, this.communicator);
    if (this.communicator?.isMaster ?? true) this.writer.logMemory(reports, batchNumTotal);
  }
}
