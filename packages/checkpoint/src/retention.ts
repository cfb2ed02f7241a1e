import type { CheckpointPosition } from '@x/trainer-core';

/** Which checkpoints are kept: those that any of its parts keeps. */
export interface RetentionRule {
  /** The number of newest checkpoints that are always kept; null keeps all, unless `maxAgeSeconds` is given. */
  readonly newest: number | null;
  /** Checkpoints up to this old are always kept; null is no rule. */
  readonly maxAgeSeconds: number | null;
  /** Of the older ones, one is kept for good whenever more than this many seconds have passed since the last such one. */
  readonly everySeconds: number | null;
  /** The ends of every so many epochs are kept for good. Default null: no rule. */
  readonly everyEpochs?: number | null;
  /** The checkpoints after every so many steps of the whole training are kept for good. Default null: no rule. */
  readonly everySteps?: number | null;
  /** So many are kept whose metric is the best; of equal ones the older. Those without the metric never are. Default null. */
  readonly best?: { readonly metric: string; readonly shouldDecrease: boolean; readonly count: number } | null;
}

/** What the rule looks at. */
export interface RetainedCheckpoint {
  /** In milliseconds. */
  readonly savedAt: number;
  readonly position?: CheckpointPosition;
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * The checkpoints that a rule lets go, of all that exist. A pure function: called again on what is left, it lets
 * nothing more go at that time, and a restarted process decides as the first one would have.
 *
 * @param history oldest first.
 * @param times in milliseconds: when the training began, from which the first permanent checkpoint is measured, and now.
 */
export function expired<T extends RetainedCheckpoint>(
  history: readonly T[],
  rule: RetentionRule,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): T[] {
  const { newest, maxAgeSeconds, everySeconds } = rule;
  if (newest === null && maxAgeSeconds === null) return [];
  const best = bestOf(history, rule.best ?? null);
  let lastPermanent = startedAt;
  return history.slice(0, Math.max(0, history.length - (newest ?? 0))).filter((checkpoint) => {
    const { savedAt } = checkpoint;
    if (maxAgeSeconds !== null && now - savedAt <= maxAgeSeconds * 1000) return false;
    const permanent = everySeconds !== null && savedAt - lastPermanent > everySeconds * 1000;
    if (permanent) lastPermanent = savedAt;
    return !permanent && !isMilestone(checkpoint, rule) && !best.has(checkpoint);
  });
}

function isMilestone({ position }: RetainedCheckpoint, { everyEpochs, everySteps }: RetentionRule): boolean {
  if (position === undefined) return false;
  const { epoch, batchesThisEpoch, batchNumTotal } = position;
  const byEpoch = everyEpochs != null && batchesThisEpoch === 0 && (epoch + 1) % everyEpochs === 0;
  return byEpoch || (everySteps != null && batchNumTotal % everySteps === 0);
}

function bestOf<T extends RetainedCheckpoint>(history: readonly T[], rule: RetentionRule['best']): ReadonlySet<T> {
  if (rule == null) return new Set();
  const { metric, shouldDecrease, count } = rule;
  const badness = ({ metrics }: T): number => metrics![metric]! * (shouldDecrease ? 1 : -1);
  const measured = history.filter(({ metrics }) => metrics?.[metric] !== undefined);
  return new Set(measured.sort((a, b) => badness(a) - badness(b)).slice(0, count));
}
