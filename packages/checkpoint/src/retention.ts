/** Which checkpoints are kept. */
export interface RetentionRule {
  /** The number of newest checkpoints that are always kept; null keeps all, unless `maxAgeSeconds` is given. */
  readonly newest: number | null;
  /** Checkpoints up to this old are always kept; null is no rule. */
  readonly maxAgeSeconds: number | null;
  /** Of the older ones, one is kept for good whenever more than this many seconds have passed since the last such one. */
  readonly everySeconds: number | null;
}

/**
 * The checkpoints that a rule lets go, of all that exist. A pure function: called again on what is left, it lets
 * nothing more go at that time, and a restarted process decides as the first one would have.
 *
 * @param history oldest first; `savedAt` in milliseconds.
 * @param times in milliseconds: when the training began, from which the first permanent checkpoint is measured, and now.
 */
export function expired<T extends { readonly savedAt: number }>(
  history: readonly T[],
  { newest, maxAgeSeconds, everySeconds }: RetentionRule,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): T[] {
  if (newest === null && maxAgeSeconds === null) return [];
  let lastPermanent = startedAt;
  return history.slice(0, Math.max(0, history.length - (newest ?? 0))).filter(({ savedAt }) => {
    if (maxAgeSeconds !== null && now - savedAt <= maxAgeSeconds * 1000) return false;
    const permanent = everySeconds !== null && savedAt - lastPermanent > everySeconds * 1000;
    if (permanent) lastPermanent = savedAt;
    return !permanent;
  });
}
