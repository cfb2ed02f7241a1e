import type { ContentSettings } from './vocabulary-options.js';

/**
 * The tokens of one namespace in the order of their numbers: those counted, the commonest first and equally common ones as
 * they first appeared; then those to be added; then the first ones of the pretrained file.
 *
 * @param pretrained the tokens of the namespace's pretrained file, if it has one.
 */
export function chooseTokens(
  namespace: string,
  counts: ReadonlyMap<string, number>,
  settings: ContentSettings,
  pretrained: readonly string[] | undefined,
): string[] {
  const { minCount, maxVocabSize, onlyIncludePretrainedWords, minPretrainedEmbeddings, tokensToAdd } = settings;
  const least = minCount[namespace] ?? 1;
  const most = (typeof maxVocabSize === 'object' ? maxVocabSize?.[namespace] : maxVocabSize) ?? counts.size;
  const known = pretrained === undefined ? undefined : new Set(pretrained);
  const isKept = (token: string, count: number): boolean => {
    if (known === undefined) return count >= least;
    return onlyIncludePretrainedWords ? known.has(token) && count >= least : known.has(token) || count >= least;
  };
  const counted = [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .flatMap(([token, count]) => (isKept(token, count) ? [token] : []));
  const first = minPretrainedEmbeddings[namespace] ?? 0;
  const added = pretrained?.slice(0, first === -1 ? pretrained.length : first) ?? [];
  return [...counted, ...(tokensToAdd[namespace] ?? []), ...added];
}
