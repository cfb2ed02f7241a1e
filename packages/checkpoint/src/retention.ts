/** Which checkpoints are kept. */
export interface RetentionRule {
  /** The number of newest checkpoints that are always kept; null keeps all. */
  readonly newest: number | null;
  /** Of the older ones, one is kept for good whenever more than this many seconds have passed since the last such one. */
  readonly everySeconds: number | null;
}

/**
 * The checkpoints that a rule lets go, of all that exist. A pure function: called again on what is left, it lets nothing
 * more go, and a restarted process decides as the first one would have.
 *
 * @param history oldest first; `savedAt` in milliseconds.
 * @param startedAt when the training began, in milliseconds: the first permanent checkpoint is measured from it.
 */
export function expired<T extends { readonly savedAt: number }>(
  history: readonly T[],
  { newest, everySeconds }: RetentionRule,
  startedAt: number,
): T[] {
  if (newest === null) return [];
  let lastPermanent = startedAt;
  return history.slice(0, Math.max(0, history.length - newest)).filter(({ savedAt }) => {
    const permanent = everySeconds !== null && savedAt - lastPermanent > everySeconds * 1000;
    if (permanent) lastPermanent = savedAt;
    return !permanent;
  });
}
