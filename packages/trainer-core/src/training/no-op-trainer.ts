import { join } from 'node:path';
import { z } from 'zod';

import { Checkpointer } from '../contracts/checkpointer.js';
import { Vocabulary } from '../contracts/dataset.js';
import type { ModelLike } from '../contracts/model.js';
import { Trainer } from '../contracts/trainer.js';
import type { CheckpointState, TrainerOptions, TrainingMetrics } from '../contracts/trainer.js';
import { component } from '../plugins/component.js';
import { SerializationDir, TheModel } from '../plugins/run-tokens.js';
import { checkpointerPart, checkSaves } from './assemble.js';
import { snapshot } from './saved-run.js';

const NoOpConfig = z.strictObject({
  checkpointer: component(Checkpointer)
    .nullish()
    .describe('Default: the default one where there is a serialization folder; null saves nothing'),
});

/** What {@link NoOpTrainer} is made of. */
export interface NoOpTrainerOptions extends TrainerOptions {
  readonly model: ModelLike;
  /** Needed where there is a serialization folder; null saves nothing. */
  readonly checkpointer?: Checkpointer | null | undefined;
  /** Saved as `vocabulary/` of the serialization folder. */
  readonly vocabulary?: Vocabulary | null | undefined;
}

/**
 * Trains nothing: saves the vocabulary, and the model as it is as the checkpoint of epoch 0 and as the best one. For models
 * that need no training but shall be evaluated and loaded like others.
 *
 * Source: `NoOpTrainer` of AllenNLP.
 */
@Trainer.register('no_op', NoOpConfig, ({ checkpointer }, run) => {
  const serializationDir = run.has(SerializationDir) ? run.get(SerializationDir) : null;
  const part = checkpointerPart({ checkpointer, serializationDir }, run);
  return new NoOpTrainer({
    model: run.get(TheModel),
    serializationDir,
    checkpointer: part === null ? null : run.build(part),
    vocabulary: run.find(Vocabulary),
  });
})
export class NoOpTrainer extends Trainer {
  readonly model: ModelLike;
  private readonly checkpointer: Checkpointer | null;
  private readonly vocabulary: Vocabulary | null;

  /** @throws ConfigError for a serialization folder without a checkpointer that saves. */
  constructor(options: NoOpTrainerOptions) {
    super(options);
    if (this.serializationDir !== null) checkSaves(options.checkpointer);
    this.model = options.model;
    this.checkpointer = options.checkpointer ?? null;
    this.vocabulary = options.vocabulary ?? null;
  }

  /** @returns no metrics. */
  override async train(): Promise<TrainingMetrics> {
    if (!this.isMaster) return {};
    if (this.serializationDir !== null) await this.vocabulary?.save(join(this.serializationDir, 'vocabulary'));
    await this.checkpointer?.saveCheckpoint(this, { epoch: 0, batchesThisEpoch: 0, batchNumTotal: 0 }, true);
    await this.checkpointer?.flush();
    return {};
  }

  override getCheckpointState(): CheckpointState {
    return snapshot({ model: this.model, movingAverage: null, parts: {}, record: null });
  }
}
