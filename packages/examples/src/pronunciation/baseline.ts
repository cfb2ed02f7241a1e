import type { SpelledWord } from './words.js';

/** The share of letters in `test` that are right if each is given its commonest phoneme in `train`. */
export function baselineAccuracy(train: readonly SpelledWord[], test: readonly SpelledWord[]): number {
  const counts = new Map<string, Map<string, number>>();
  for (const [letter, phoneme] of train.flatMap(pairs)) {
    const ofLetter = counts.get(letter) ?? new Map<string, number>();
    counts.set(letter, ofLetter.set(phoneme, (ofLetter.get(phoneme) ?? 0) + 1));
  }
  const commonest = new Map(
    [...counts].map(([letter, ofLetter]) => [letter, [...ofLetter].sort(([, a], [, b]) => b - a)[0]![0]]),
  );
  const tested = test.flatMap(pairs);
  return tested.filter(([letter, phoneme]) => commonest.get(letter) === phoneme).length / tested.length;
}

function pairs({ word, phonemes }: SpelledWord): (readonly [letter: string, phoneme: string])[] {
  return phonemes.map((phoneme, i) => [word[i]!, phoneme] as const);
}
