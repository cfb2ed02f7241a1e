import type {
  Checkpointable,
  CheckpointPosition,
  MetricValues,
  RestoredCheckpoint,
  TensorMap,
  Token,
} from '@x/trainer-core';
import {
  CheckpointError,
  Checkpointer,
  CheckpointStore,
  component,
  ConfigError,
  inject,
  log,
  parseOptions,
  parseWatchedMetric,
  SerializationDir,
  token,
} from '@x/trainer-core';
import { z } from 'zod';

import { CheckpointArchive, isCorrupt } from './archive.js';
import { hostCopy } from './host-copy.js';
import { LocalStore } from './local-store.js';
import type { RetentionRule } from './retention.js';
import type { SaveJob } from './save-job.js';
import { Saver } from './saver.js';

/** What a checkpointer reads the time from: milliseconds since 1970. */
export const Clock: Token<() => number> = token('@x/checkpoint:Clock');

const everySo = z.int().positive().nullable().default(null);
const seconds = z.number().nonnegative().nullable().default(null);

export const CheckpointerOptions = z.strictObject({
  numSerializedModelsToKeep: z
    .int()
    .nullable()
    .default(2)
    .describe(
      'The number of newest checkpoints to keep; null or negative keeps all. The newest one and the best one are always kept',
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
  keepEveryNumEpochs: everySo.describe('Keep the ends of every so many epochs for good'),
  keepEveryNumSteps: everySo.describe('Keep the checkpoints after every so many steps of the whole training for good'),
  keepBestByMetric: z
    .strictObject({
      metric: z.string().describe('A validation metric: "-loss" if smaller is better, "+accuracy" if larger is'),
      count: z.int().positive().default(1).describe('How many to keep'),
    })
    .nullable()
    .default(null)
    .describe('Keep besides the checkpoints with the best values of a metric; of equal ones the older'),
  saveEveryNumBatches: everySo.describe(
    'Steps of an epoch after which a checkpoint is also saved within it; null never does',
  ),
  saveEveryNumSteps: everySo.describe(
    'Steps of the whole training after which a checkpoint is also saved within an epoch; null never does',
  ),
  saveCompletedEpochs: z
    .boolean()
    .default(true)
    .describe('Whether a checkpoint is saved at the end of every epoch; at the end of the best ones it is in any case'),
  onSaveError: z
    .enum(['stop', 'continue'])
    .default('stop')
    .describe('When a checkpoint cannot be written: end the training with the error, or warn and go on'),
  verify: z
    .enum(['checksums', 'sizes'])
    .default('checksums')
    .describe('What is checked of the files of a checkpoint that is read; sizes is faster and overlooks changed bytes'),
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
 * Training stands still only while the state is copied; the copy is checked, written and tidied up after in another thread.
 * One save is under way at a time, and the next one waits for it. A save that fails is reported by the next one, by
 * `maybeSaveCheckpoint` or by `flush`; where that ends the training, the present state is saved before, if it can be.
 *
 * Without a folder and without a store it does nothing.
 *
 * Source: `Checkpointer` of AllenNLP 1.0, whose retention rule it has, with those options of 2.10's that it lacked.
 */
@Checkpointer.register('default', CheckpointerOptions)
export class DefaultCheckpointer extends Checkpointer {
  private readonly options: z.output<typeof CheckpointerOptions>;
  private readonly retention: RetentionRule;
  private readonly store: CheckpointStore | null;
  private readonly saver: Saver | null;
  private readonly constructedAt: number;
  /** What was found damaged when it was last read. Every save is told, for whoever carries it out may be a new one. */
  private readonly damaged = new Set<string>();
  /** Whether what is stored is of an earlier run. */
  private beginsAnew = false;
  private lastSaveInEpoch: number;
  /** Whether saves fail, and it was said. */
  private isFailing = false;
  private saidOfMetric = false;
  /** Every save leaves the pointers right, or fails. */
  private pointersLookedAfter = false;

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
    this.retention = retentionOf(this.options);
    const store = this.options.store ?? (typeof folder === 'string' ? new LocalStore({}, folder) : null);
    if (store !== null && !(store instanceof CheckpointStore)) {
      throw ConfigError.of('X_CONFIG_WRONG_TYPE', 'store', 'expected a CheckpointStore that is already built');
    }
    this.store = store;
    this.saver = store && new Saver(store, (job) => this.saved(job));
    this.constructedAt = this.lastSaveInEpoch = now();
  }

  override async saveCheckpoint(
    trainer: Checkpointable,
    position: CheckpointPosition,
    isBestSoFar = false,
    metrics: Readonly<MetricValues> = {},
  ): Promise<void> {
    if (this.saver === null) return;
    if (position.batchesThisEpoch === 0 && !this.options.saveCompletedEpochs && !isBestSoFar) return;
    const savedAt = this.now();
    this.checkMetric(metrics);
    await this.saver.idle();
    const files = await hostCopy(trainer);
    this.pointersLookedAfter = true;
    const failure = this.takeFailure(this.saver);
    this.saver.start({
      position,
      files,
      isBestSoFar,
      metrics: Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value))),
      savedAt,
      startedAt: this.constructedAt,
      retention: this.retention,
      damaged: [...this.damaged],
      beginsAnew: this.beginsAnew,
    });
    if (failure === null) return;
    if (this.options.onSaveError === 'stop') {
      // the error is likely to end the process, and what it is about is reported once
      await this.saver.idle();
      this.saver.takeFailure();
    }
    this.complain(failure);
  }

  override async maybeSaveCheckpoint(trainer: Checkpointable, position: CheckpointPosition): Promise<boolean> {
    const { modelSaveInterval, saveEveryNumBatches, saveEveryNumSteps } = this.options;
    if (this.saver === null) return false;
    // where a failure ends the training, what has been reached since is saved before, if it can be
    const isLastChance = this.saver.hasFailed && this.options.onSaveError === 'stop';
    if (!isLastChance) this.report(this.saver);
    const now = this.now();
    const isDue =
      isLastChance ||
      (modelSaveInterval !== null && now - this.lastSaveInEpoch >= modelSaveInterval * 1000) ||
      (saveEveryNumBatches !== null && position.batchesThisEpoch % saveEveryNumBatches === 0) ||
      (saveEveryNumSteps !== null && position.batchNumTotal % saveEveryNumSteps === 0);
    if (!isDue) return false;
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
    const archive = await this.archiveAtRest();
    if (archive === null) return null;
    const failures: CheckpointError[] = [];
    for (const saved of (await archive.list()).reverse()) {
      try {
        const restored = await archive.read(saved, this.options.verify);
        if (restored === null) return this.restoreCheckpoint();
        this.damaged.delete(saved.folder);
        for (const { message } of failures)
          log.warn(`${message}; using the earlier checkpoint ${saved.folder} instead`);
        return restored;
      } catch (error) {
        if (!isCorrupt(error)) throw error;
        failures.push(error);
        this.damaged.add(saved.folder);
      }
    }
    if (failures.length === 0) {
      const lost = await archive.lostCheckpoint();
      if (lost === null) return null;
      failures.push(lost);
    }
    throw new CheckpointError(
      'X_CHECKPOINT_CORRUPT',
      `there is no whole checkpoint: ${failures.map(({ message }) => message).join('; ')}. ` +
        'Bring back a copy, or start again in a new folder',
      { cause: failures[0] },
    );
  }

  override get hasPlace(): boolean {
    return this.store !== null;
  }

  override beginAnew(): void {
    this.beginsAnew = true;
  }

  override async checkSpace(bytes: number): Promise<void> {
    const free = (await this.store?.freeBytes()) ?? null;
    if (free === null || free >= 2 * bytes) return;
    const found = `a checkpoint takes about ${bytes} bytes, and ${free} are free where checkpoints are kept`;
    const advice = 'make room, keep checkpoints elsewhere (another folder, or the option "store"), or keep fewer';
    if (free >= bytes) log.warn(`${found}, which is less than two, the old one and the new one, take: ${advice}`);
    else this.complain(new CheckpointError('X_CHECKPOINT_NO_SPACE', `${found}: ${advice}`));
  }

  override async bestModelState(): Promise<TensorMap | null> {
    const archive = await this.archiveAtRest();
    return archive === null || this.beginsAnew ? null : archive.readBest(this.options.verify);
  }

  /**
   * If nothing was saved yet, also makes good what a crash kept an earlier process from: that the pointers name what is
   * stored. It tries that once, so that what keeps it from it is reported once.
   */
  override async flush(): Promise<void> {
    if (this.saver === null) return;
    await this.saver.rest();
    this.report(this.saver);
    if (this.pointersLookedAfter) return;
    this.pointersLookedAfter = true;
    const archive = this.archiveOf(this.store!);
    try {
      const { warnings } = await archive.updatePointers(await archive.history());
      for (const warning of warnings) log.warn(warning);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      this.complain(error);
    }
  }

  private saved({ position, isBestSoFar }: SaveJob): void {
    this.beginsAnew = false;
    this.isFailing = false;
    this.acknowledge(position, isBestSoFar);
  }

  /** A view of the store while nothing is written to it. */
  private async archiveAtRest(): Promise<CheckpointArchive | null> {
    await this.saver?.idle();
    return this.store === null ? null : this.archiveOf(this.store);
  }

  private archiveOf(store: CheckpointStore): CheckpointArchive {
    const archive = new CheckpointArchive(store);
    archive.distrust(this.damaged);
    return archive;
  }

  private report(saver: Saver): void {
    const failure = this.takeFailure(saver);
    if (failure !== null) this.complain(failure);
  }

  private takeFailure(saver: Saver): CheckpointError | null {
    for (const warning of saver.takeWarnings()) log.warn(warning);
    return saver.takeFailure();
  }

  private complain(failure: CheckpointError): void {
    if (this.options.onSaveError === 'stop') throw failure;
    if (this.isFailing) return;
    this.isFailing = true;
    log.warn(
      `a checkpoint was not saved, and training goes on: ${failure.message}; of saves that fail as well, nothing more is said ` +
        'until one succeeds',
    );
  }

  private checkMetric(metrics: Readonly<MetricValues>): void {
    const { best } = this.retention;
    const known = Object.keys(metrics);
    if (!best || known.length === 0 || known.includes(best.metric) || this.saidOfMetric) return;
    this.saidOfMetric = true;
    log.warn(
      `keepBestByMetric keeps nothing: the validation has no metric "${best.metric}"; it has ${known.sort().join(', ')}`,
    );
  }
}

function retentionOf({
  numSerializedModelsToKeep: keep,
  keepMostRecentByAge: maxAgeSeconds,
  keepSerializedModelEveryNumSeconds: everySeconds,
  keepEveryNumEpochs: everyEpochs,
  keepEveryNumSteps: everySteps,
  keepBestByMetric,
}: z.output<typeof CheckpointerOptions>): RetentionRule {
  const watched = keepBestByMetric && parseWatchedMetric(keepBestByMetric.metric, 'keepBestByMetric.metric');
  const best = watched && {
    metric: watched.name,
    shouldDecrease: watched.shouldDecrease,
    count: keepBestByMetric.count,
  };
  return {
    newest: keep === null || keep < 0 ? null : keep,
    maxAgeSeconds,
    everySeconds,
    everyEpochs,
    everySteps,
    best,
  };
}
