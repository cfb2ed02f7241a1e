import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, Vocabulary } from '@x/trainer-core';

import { contractReport, vocabularyContract } from './index.js';
import type { VocabularySubject } from './index.js';

/** Tokens of one namespace, the first one for all that are unknown. */
class Words extends Vocabulary {
  constructor(protected readonly words: readonly string[] = ['?', 'a', 'b\nc']) {
    super();
  }

  override indexOf(token: string): number {
    return Math.max(0, this.words.indexOf(token));
  }

  override tokenOf(index: number): string {
    const word = this.words[index];
    if (word === undefined) throw new DataError('X_DATA_INVALID', `there is no word ${index}`);
    return word;
  }

  override size(): number {
    return this.words.length;
  }

  override async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'words.json'), JSON.stringify(this.words));
  }
}

const load = async (folder: string): Promise<Vocabulary> =>
  new Words(JSON.parse(await readFile(join(folder, 'words.json'), 'utf8')) as string[]);
const subject = (make: () => Vocabulary, change: Partial<VocabularySubject> = {}): VocabularySubject => ({
  name: 'Words',
  make,
  load,
  namespaces: ['words'],
  ...change,
});

vocabularyContract(
  { describe, it },
  subject(() => new Words()),
);

class OffByOne extends Words {
  override indexOf(token: string): number {
    return super.indexOf(token) + 1;
  }
}

class Growing extends Words {
  private readonly more: string[] = [];

  override indexOf(token: string): number {
    const known = [...this.words, ...this.more].indexOf(token);
    return known >= 0 ? known : this.words.length + this.more.push(token) - 1;
  }
}

class Guessing extends Words {
  override tokenOf(index: number): string {
    return this.words[index] ?? '?';
  }
}

class Lines extends Words {
  override async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'words.json'), JSON.stringify(this.words.join('\n').split('\n')));
  }
}

class Appending extends Words {
  override async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'log.txt'), 'saved\n', { flag: 'a' });
    await super.save(folder);
  }
}

class Failing extends Words {
  override indexOf(token: string): number {
    if (!this.words.includes(token)) throw new TypeError('no such word');
    return super.indexOf(token);
  }
}

test.each<[string, () => Vocabulary, RegExp]>([
  ['numbers that are not those of its tokens', () => new OffByOne(), /from 0 without gaps/],
  ['a token that it has twice', () => new Words(['?', 'a', 'a']), /from 0 without gaps/],
  ['a number for every unknown token', () => new Growing(), /takes all unknown tokens/],
  ['unknown tokens with an error of its own', () => new Failing(), /takes all unknown tokens/],
  ['any number', () => new Guessing(), /refuses numbers that no token has/],
  ['tokens that files break', () => new Lines(), /the same after it was saved/],
  ['files that grow', () => new Appending(), /writes the same files/],
])('the suite finds a vocabulary that has %s', async (_, make, failed) => {
  const report = await contractReport((runner) => vocabularyContract(runner, subject(make)));
  expect(Object.keys(report.failed)).toContainEqual(expect.stringMatching(failed));
});
