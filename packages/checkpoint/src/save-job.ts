import type { CheckpointPosition } from '@x/trainer-core';

import type { CheckpointArchive } from './archive.js';
import type { CheckpointFiles } from './layout.js';
import { samePosition } from './position.js';
import { expired } from './retention.js';
import type { RetentionRule } from './retention.js';

/** Everything that a save is decided by, so that any thread can carry it out. */
export interface SaveJob {
  readonly position: CheckpointPosition;
  readonly files: CheckpointFiles;
  readonly isBestSoFar: boolean;
  /** Finite ones only. */
  readonly metrics: Readonly<Record<string, number>>;
  /** In milliseconds: when it was saved, and when this process began, for a store without a checkpoint. */
  readonly savedAt: number;
  readonly startedAt: number;
  readonly retention: RetentionRule;
  /** Folders that a reader found damaged. */
  readonly damaged: readonly string[];
  /** Whether it takes the place of all that is stored, because that is of an earlier run. */
  readonly beginsAnew: boolean;
}

/**
 * Writes a checkpoint, then the pointers, then removes what it replaces, what the rule lets go and what crashes left. What
 * the pointers name is never removed.
 *
 * @returns what the user should know and is no reason to stop: pointers that were made good, and what could not be tidied up.
 * @throws CheckpointError if it could not be written.
 */
export async function carryOut(job: SaveJob, archive: CheckpointArchive): Promise<string[]> {
  const { position, files, isBestSoFar: best, metrics, savedAt } = job;
  archive.distrust(job.damaged);
  const earlierRun = job.beginsAnew ? await archive.list() : [];
  const startedAt = (job.beginsAnew ? undefined : (await archive.history())[0]?.startedAt) ?? job.startedAt;
  await archive.add(position, files, { savedAt, startedAt, best, metrics });
  if (job.beginsAnew) await archive.forget(earlierRun);
  const { named, warnings } = await archive.updatePointers(await archive.history());
  try {
    await tidyUp(job, archive, named);
    return [...warnings];
  } catch (error) {
    return [...warnings, `old checkpoints could not be removed: ${(error as Error).message}`];
  }
}

async function tidyUp(
  { position, savedAt, startedAt, retention }: SaveJob,
  archive: CheckpointArchive,
  named: ReadonlySet<string>,
): Promise<void> {
  const replaced = (await archive.list()).filter((saved) => samePosition(saved, position)).slice(0, -1);
  for (const saved of replaced) if (!named.has(saved.folder)) await archive.remove(saved);
  const history = await archive.history();
  const times = { startedAt: history[0]?.startedAt ?? startedAt, now: savedAt };
  for (const saved of expired(history, retention, times)) if (!named.has(saved.folder)) await archive.remove(saved);
  await archive.removeUnfinished();
}
