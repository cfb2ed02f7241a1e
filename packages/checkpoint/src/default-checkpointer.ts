import type { Checkpointable, CheckpointPosition, RestoredCheckpoint, TensorMap, Token } from '@x/trainer-core';
import {
  CheckpointError,
  Checkpointer,
  CheckpointStore,
  component,
  ConfigError,
  inject,
  log,
  parseOptions,
  SerializationDir,
  token,
} from '@x/trainer-core';
import { z } from 'zod';

import { CheckpointArchive, encodeCheckpoint, isCorrupt } from './archive.js';
import type { CheckpointFiles } from './archive.js';
import { LocalStore } from './local-store.js';
import { samePosition } from './position.js';
import { expired } from './retention.js';

/** What a checkpointer reads the time from: milliseconds since 1970. */
export const Clock: Token<() => number> = token('@x/checkpoint:Clock');

const seconds = z.number().nonnegative().nullable().default(null);

export const CheckpointerOptions = z.strictObject({
  numSerializedModelsToKeep: z
    .int()
    .nullable()
    .default(2)
    .describe(
      'The number of newest checkpoints to keep; null or negative keeps all, 0 none (the best weights are always kept)',
    ),
  keepMostRecentByAge: seconds.describe(
    'Checkpoints that are no more than this many seconds old are kept besides, or, where all would be kept, alone',
  ),
  keepSerializedModelEveryNumSeconds: seconds.describe(
    'Of the older checkpoints, keep one for good whenever more than this many seconds have passed since the last such one',
  ),
  modelSaveInterval: seconds.describe(
    'Seconds after which a checkpoint is also saved within an epoch; null never does',
  ),
  saveEveryNumBatches: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Steps of an epoch after which a checkpoint is also saved within it; null never does'),
  saveCompletedEpochs: z
    .boolean()
    .default(true)
    .describe('Whether a checkpoint is saved at the end of every epoch; the best weights are in any case'),
  store: component(CheckpointStore)
    .nullable()
    .default(null)
    .describe("Where checkpoints are kept; null is the run's folder"),
});

/**
 * Saves complete checkpoints, keeps the newest ones, and finds the newest one that is whole.
 *
 * A checkpoint is all or nothing: a crash or a full disk at any moment leaves those before it untouched, and what is
 * damaged on disk is noticed by its checksum and passed over with a warning. Retention depends on what is stored, not on
 * which process stored it. Checkpoints are ordered by (epochs completed, steps in the epoch).
 *
 * Without a folder and without a store it does nothing.
 *
 * Source: `Checkpointer` of AllenNLP 1.0, whose retention rule it has, with those options of 2.10's that it lacked.
 */
@Checkpointer.register('default', CheckpointerOptions)
export class DefaultCheckpointer extends Checkpointer {
  private readonly options: z.output<typeof CheckpointerOptions>;
  private readonly archive: CheckpointArchive | null;
  private readonly constructedAt: number;
  private lastSaveInEpoch: number;

  /**
   * @param folder the run's folder, where the checkpoints go unless `store` says otherwise.
   * @param now the clock, in milliseconds.
   */
  constructor(
    options: z.input<typeof CheckpointerOptions> | z.output<typeof CheckpointerOptions>,
    @inject(SerializationDir, { optional: true }) folder?: string | null,
    @inject(Clock, { optional: true }) private readonly now: () => number = Date.now,
  ) {
    super();
    this.options = parseOptions(
      CheckpointerOptions,
      options as z.input<typeof CheckpointerOptions>,
      'DefaultCheckpointer',
    );
    const store = this.options.store ?? (typeof folder === 'string' ? new LocalStore({}, folder) : null);
    if (store !== null && !(store instanceof CheckpointStore)) {
      throw ConfigError.of('X_CONFIG_WRONG_TYPE', 'store', 'expected a CheckpointStore that is already built');
    }
    this.archive = store === null ? null : new CheckpointArchive(store);
    this.constructedAt = this.lastSaveInEpoch = now();
  }

  override async saveCheckpoint(
    trainer: Checkpointable,
    position: CheckpointPosition,
    isBestSoFar = false,
  ): Promise<void> {
    if (this.archive === null) return;
    const files = await filesOf(trainer);
    // First: a run that resumes from the checkpoint believes that its best weights are stored. In the other order a
    // crash between the two would make that wrong for good; in this one the resumed run writes the same weights again.
    if (isBestSoFar) await this.archive.writeBest(files);
    if (position.batchesThisEpoch === 0 && !this.options.saveCompletedEpochs) return;
    const startedAt = (await this.archive.history())[0]?.startedAt ?? this.constructedAt;
    await this.archive.add(position, files, { savedAt: this.now(), startedAt });
    this.acknowledge(position, isBestSoFar);
    await this.tidyUp(this.archive, position);
  }

  override async maybeSaveCheckpoint(trainer: Checkpointable, position: CheckpointPosition): Promise<boolean> {
    const { modelSaveInterval, saveEveryNumBatches } = this.options;
    if (this.archive === null) return false;
    const now = this.now();
    const dueByTime = modelSaveInterval !== null && now - this.lastSaveInEpoch >= modelSaveInterval * 1000;
    const dueByStep = saveEveryNumBatches !== null && position.batchesThisEpoch % saveEveryNumBatches === 0;
    if (!dueByTime && !dueByStep) return false;
    this.lastSaveInEpoch = now;
    await this.saveCheckpoint(trainer, position);
    return true;
  }

  /**
   * The newest checkpoint that is whole. Damaged ones before it are named in a warning and left where they are.
   *
   * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) if there are checkpoints and all of them are damaged.
   */
  override async restoreCheckpoint(): Promise<RestoredCheckpoint | null> {
    if (this.archive === null) return null;
    const failures: CheckpointError[] = [];
    for (const saved of (await this.archive.list()).reverse()) {
      try {
        const restored = await this.archive.read(saved);
        for (const { message } of failures)
          log.warn(`${message}; using the earlier checkpoint ${saved.folder} instead`);
        return restored;
      } catch (error) {
        if (!isCorrupt(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length === 0) return null;
    throw new CheckpointError(
      'X_CHECKPOINT_CORRUPT',
      `there is no whole checkpoint: ${failures.map(({ message }) => message).join('; ')}. ` +
        'Bring back a copy, or start again in a new folder',
      { cause: failures[0] },
    );
  }

  override async bestModelState(): Promise<TensorMap | null> {
    return (await this.archive?.readBest()) ?? null;
  }

  /** Removes what the new checkpoint replaces, what the rule lets go and remains of crashes. Failing to is no reason to stop. */
  private async tidyUp(archive: CheckpointArchive, position: CheckpointPosition): Promise<void> {
    const {
      numSerializedModelsToKeep: keep,
      keepMostRecentByAge: maxAgeSeconds,
      keepSerializedModelEveryNumSeconds: everySeconds,
    } = this.options;
    try {
      const replaced = (await archive.list()).filter((saved) => samePosition(saved, position)).slice(0, -1);
      for (const saved of replaced) await archive.remove(saved);
      const history = await archive.history();
      const rule = { newest: keep === null || keep < 0 ? null : keep, maxAgeSeconds, everySeconds };
      const times = { startedAt: history[0]?.startedAt ?? this.constructedAt, now: this.now() };
      for (const saved of expired(history, rule, times)) await archive.remove(saved);
      await archive.removeUnfinished();
    } catch (error) {
      log.warn(`old checkpoints could not be removed: ${(error as Error).message}`);
    }
  }
}

async function filesOf(trainer: Checkpointable): Promise<CheckpointFiles> {
  const snapshot = trainer.getCheckpointState();
  try {
    return await encodeCheckpoint(snapshot);
  } finally {
    snapshot.dispose();
  }
}
