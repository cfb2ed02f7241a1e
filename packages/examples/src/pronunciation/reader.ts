import { basename } from 'node:path';

import { DataError, DatasetReader } from '@x/trainer-core';
import type { Instance } from '@x/trainer-core';
import { z } from 'zod';

import { familyShare, LETTERS, PHONEMES, spelledWords } from './words.js';
import type { SpelledWord } from './words.js';

/** The part of all word families that a split has. */
const SPLITS: Readonly<Record<string, readonly [from: number, to: number]>> = {
  train: [0, 0.8],
  validation: [0.8, 0.9],
  test: [0.9, 1],
};

export const PronunciationsOptions = z.strictObject({
  share: z.number().positive().max(1).default(1).describe('The part of the word families of each split that is read'),
  seed: z.int().default(13370).describe('Decides which words are in which split'),
});

/** Words letter by letter with their phonemes, as numbers. The path is `train`, `validation` or `test`. */
@DatasetReader.register('pronunciations', PronunciationsOptions)
export class Pronunciations extends DatasetReader {
  constructor(private readonly options: z.output<typeof PronunciationsOptions>) {
    super();
  }

  override read(path: string): Instance[] {
    return this.words(basename(path)).map(({ word, phonemes }) => ({
      letters: [...word].map((letter) => LETTERS.indexOf(letter)),
      phonemes: phonemes.map((phoneme) => PHONEMES.indexOf(phoneme)),
    }));
  }

  words(split: string): SpelledWord[] {
    const { share, seed } = this.options;
    const bounds = SPLITS[split];
    if (bounds === undefined) {
      throw new DataError(
        'X_DATA_INVALID',
        `expected a split (${Object.keys(SPLITS).join(', ')}), received "${split}"`,
      );
    }
    const [from, to] = bounds;
    return spelledWords().filter((word) => {
      const place = familyShare(word, seed);
      return place >= from && place < from + share * (to - from);
    });
  }
}
