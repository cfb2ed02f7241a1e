import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { temporaryFolder } from '@x/testing';
import type { TemporaryFolder } from '@x/testing';
import { ConfigError, DataError } from '@x/trainer-core';

import { IndexedVocabulary } from './indexed-vocabulary.js';
import type { VocabularyOptions } from './vocabulary-options.js';

const namespaces = { words: 'tokens', label: 'labels' };
const instances = [
  { words: ['the', 'cat', 'sat'], label: 'neg', id: 1 },
  { words: ['a', 'cat', 'the', 'cat'], label: 'pos', id: 2 },
  { words: [['sat'], ['on']], label: 'pos', id: 3 },
];
const make = (options: VocabularyOptions = {}): Promise<IndexedVocabulary> =>
  IndexedVocabulary.fromInstances(instances, namespaces, options);
const wordsWith = async (options: VocabularyOptions): Promise<readonly string[]> =>
  (await make(options)).tokens('tokens').slice(2);

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const put = async (name: string, content: string | Uint8Array): Promise<string> => {
  await writeFile(join(folder.path, name), content);
  return join(folder.path, name);
};

describe('numbers', () => {
  test('come by count, and by first appearance among equals; padding and unknown come first', async () => {
    const vocabulary = await make();
    expect(vocabulary.tokens('tokens')).toEqual(['@@PADDING@@', '@@UNKNOWN@@', 'cat', 'the', 'sat', 'a', 'on']);
    expect(vocabulary.tokens('labels')).toEqual(['pos', 'neg']);
    expect(vocabulary.indexOf('the', 'tokens')).toBe(3);
    expect(vocabulary.tokenOf(1, 'labels')).toBe('neg');
    expect([vocabulary.size('tokens'), vocabulary.size('labels')]).toEqual([7, 2]);
    expect([vocabulary.isPadded('tokens'), vocabulary.isPadded('labels')]).toEqual([true, false]);
    expect(vocabulary.namespaces).toEqual(['tokens', 'labels']);
  });

  test('of unknown words are those of the unknown token', async () => {
    expect((await make()).indexOf('dog', 'tokens')).toBe(1);
  });

  test('of unknown labels are refused, with what is known', async () => {
    const vocabulary = await make();
    expect(() => vocabulary.indexOf('neutral', 'labels')).toThrow(DataError);
    expect(() => vocabulary.indexOf('neutral', 'labels')).toThrow(
      /"neutral" is not in the vocabulary's namespace "labels", which has "pos", "neg"/,
    );
  });

  test.each([['constructor'], ['__proto__'], ['toString']])('are given to %s like to any token', async (token) => {
    const vocabulary = await IndexedVocabulary.fromInstances([{ words: [token] }], { words: 'tokens' });
    expect(vocabulary.indexOf(token, 'tokens')).toBe(2);
    expect((await make()).indexOf(token, 'tokens')).toBe(1);
  });

  test('and namespaces that nobody has are refused', async () => {
    const vocabulary = await make();
    expect(() => vocabulary.size('token')).toThrow(/no namespace "token"; it has "tokens", "labels"/);
    expect(() => vocabulary.tokenOf(2, 'labels')).toThrow(/namespace "labels" has the number 2; it has 2 tokens/);
    expect(() => vocabulary.tokenOf(-1, 'labels')).toThrow(DataError);
    expect(() => new IndexedVocabulary().size('tokens')).toThrow(/it has none/);
  });
});

describe('which tokens are kept', () => {
  test.each<[string, VocabularyOptions, string[]]>([
    ['minCount', { minCount: { tokens: 2 } }, ['cat', 'the', 'sat']],
    ['minCount of another namespace', { minCount: { labels: 2 } }, ['cat', 'the', 'sat', 'a', 'on']],
    ['maxVocabSize', { maxVocabSize: 2 }, ['cat', 'the']],
    ['maxVocabSize by namespace', { maxVocabSize: { tokens: 1 } }, ['cat']],
    ['maxVocabSize of another namespace', { maxVocabSize: { labels: 1 } }, ['cat', 'the', 'sat', 'a', 'on']],
    ['tokensToAdd', { maxVocabSize: 1, tokensToAdd: { tokens: ['dog', 'cat'] } }, ['cat', 'dog']],
  ])('%s', async (_, options, words) => {
    expect(await wordsWith(options)).toEqual(words);
  });

  test.each<[string, Omit<VocabularyOptions, 'pretrainedFiles'>, string[]]>([
    ['pretrained ones however rare', { minCount: { tokens: 3 } }, ['cat', 'sat', 'on']],
    ['only pretrained ones', { onlyIncludePretrainedWords: true }, ['sat', 'on']],
    ['only pretrained ones that are common', { onlyIncludePretrainedWords: true, minCount: { tokens: 2 } }, ['sat']],
    [
      'the first lines of the file',
      { minCount: { tokens: 3 }, minPretrainedEmbeddings: { tokens: 2 } },
      ['cat', 'sat', 'on', 'dog'],
    ],
    [
      'all lines of the file',
      { minCount: { tokens: 3 }, minPretrainedEmbeddings: { tokens: -1 } },
      ['cat', 'sat', 'on', 'dog', '\u2028'],
    ],
  ])('%s', async (_, options, words) => {
    const text = '4 2\non 1 2\ndog 3 4\n\u2028 5 6\nsat 7 8';
    for (const file of [await put('vectors.txt', text), await put('vectors.txt.gz', gzipSync(text))]) {
      expect(await wordsWith({ ...options, pretrainedFiles: { tokens: file } })).toEqual(words);
    }
  });

  test('a namespace of labels may be padded, and one of tokens not', async () => {
    const vocabulary = await make({ nonPaddedNamespaces: ['tokens'], paddingToken: '<pad>', oovToken: '<unk>' });
    expect(vocabulary.tokens('tokens')).toEqual(['cat', 'the', 'sat', 'a', 'on']);
    expect(vocabulary.tokens('labels')).toEqual(['<pad>', '<unk>', 'pos', 'neg']);
  });
});

describe('what does not fit is refused', () => {
  test.each<[string, VocabularyOptions, RegExp]>([
    [
      'a count of a namespace that no field has',
      { minCount: { token: 2 } },
      /minCount\.token: no field has .*"tokens", "labels"/,
    ],
    [
      'a file for a namespace that no field has',
      { pretrainedFiles: { words: 'x.txt' } },
      /pretrainedFiles\.words: no field/,
    ],
    ['a namespace that cannot be a file', { tokensToAdd: { 'a/b': ['x'] } }, /"a\/b" cannot be a namespace/],
    ['the name of the list', { tokensToAdd: { non_padded_namespaces: ['x'] } }, /cannot be a namespace/],
    ['one token for padding and unknown ones', { paddingToken: '-', oovToken: '-' }, /oovToken: must not be the token/],
    ['a token that is empty', { oovToken: '' }, /oovToken: too small/],
    ['an unknown option', { minCounts: {} } as object, /unknown key "minCounts"; did you mean "minCount"/],
  ])('%s', async (_, options, message) => {
    const made = make(options);
    await expect(made).rejects.toThrow(ConfigError);
    await expect(made).rejects.toThrow(message);
  });

  test.each<[string, object[], RegExp]>([
    [
      'numbers',
      [{ words: ['a'] }, { words: [1] }],
      /instance 1: field "words" has a vocabulary namespace and holds the number 1/,
    ],
    ['a field that no instance has', [{ word: 'a' }], /"words" has the vocabulary namespace "tokens".* has word/],
  ])('%s', async (_, data, message) => {
    const made = IndexedVocabulary.fromInstances(data as never, { words: 'tokens' });
    await expect(made).rejects.toThrow(DataError);
    await expect(made).rejects.toThrow(message);
  });

  test('a namespace that it does not have', () => {
    expect(() => new IndexedVocabulary().size('tags')).toThrow(
      /no namespace "tags"; it has none; give it to a field in the dataset reader's `namespaces`/,
    );
  });

  test('an embedding file that is not there, or none', async () => {
    const missing = wordsWith({ pretrainedFiles: { tokens: join(folder.path, 'none.txt') } });
    await expect(missing).rejects.toThrow(/none\.txt does not exist; correct the path/);
    await expect(wordsWith({ pretrainedFiles: { tokens: 'glove.zip' } })).rejects.toThrow(
      /glove\.zip is packed; unpack it/,
    );
    await expect(wordsWith({ pretrainedFiles: { tokens: await put('empty.txt', '3 5\n') } })).rejects.toThrow(
      /has no pretrained tokens/,
    );
  });
});

describe('files', () => {
  const read = (name: string): Promise<string> => readFile(join(folder.path, name), 'utf8');

  test("are AllenNLP's", async () => {
    await (await make()).save(folder.path);
    expect((await readdir(folder.path)).sort()).toEqual(['labels.txt', 'non_padded_namespaces.txt', 'tokens.txt']);
    expect(await read('tokens.txt')).toBe('@@UNKNOWN@@\ncat\nthe\nsat\na\non\n');
    expect(await read('labels.txt')).toBe('pos\nneg\n');
    expect(await read('non_padded_namespaces.txt')).toBe('*tags\n*labels\n');
  });

  test('give the same vocabulary, found in its folder or in that of the run', async () => {
    const tokens = ['a\nb', '\r', ' ', '', '\u2028', '\uFEFF'];
    const vocabulary = await IndexedVocabulary.fromInstances([{ tokens, tags: tokens }], {
      tokens: 'chars',
      tags: 'tags',
    });
    await vocabulary.save(join(folder.path, 'vocabulary'));
    expect(await read('vocabulary/chars.txt')).toMatch(/^@@UNKNOWN@@\na@@NEWLINE@@b\n/);
    for (const directory of [folder.path, join(folder.path, 'vocabulary')]) {
      const loaded = await IndexedVocabulary.fromFiles(directory);
      expect(loaded.tokens('chars')).toEqual(vocabulary.tokens('chars'));
      expect(loaded.tokens('tags')).toEqual(tokens);
    }
  });

  test('may have been edited, under Windows too, and have the unknown token anywhere', async () => {
    await put('non_padded_namespaces.txt', '*labels\r\n');
    await put('tokens.txt', 'cat\r\n<unk>\r\nsat');
    await put('labels.txt', 'pos\nneg');
    await put('.lock', '');
    const vocabulary = await IndexedVocabulary.fromFiles(folder.path, { paddingToken: '<pad>', oovToken: '<unk>' });
    expect(vocabulary.tokens('tokens')).toEqual(['<pad>', 'cat', '<unk>', 'sat']);
    expect(vocabulary.indexOf('dog', 'tokens')).toBe(2);
    expect(vocabulary.tokens('labels')).toEqual(['pos', 'neg']);
  });

  test('without the unknown token are refused, as is a folder without files', async () => {
    await expect(IndexedVocabulary.fromFiles(folder.path)).rejects.toThrow(/there is no vocabulary in/);
    await put('non_padded_namespaces.txt', '*labels\n');
    await put('tokens.txt', 'cat\n');
    await expect(IndexedVocabulary.fromFiles(folder.path)).rejects.toThrow(
      /"tokens" without the unknown token "@@UNKNOWN@@"/,
    );
  });
});

describe('more data', () => {
  test('bring new tokens behind those with numbers', async () => {
    const vocabulary = await make();
    await vocabulary.extend([{ words: ['dog', 'dog', 'on', 'cow'], label: 'neutral' }], namespaces, {
      minCount: { tokens: 2 },
    });
    expect(vocabulary.tokens('tokens').slice(5)).toEqual(['a', 'on', 'dog']);
    expect(vocabulary.tokens('labels')).toEqual(['pos', 'neg', 'neutral']);
  });

  test('cannot pad a namespace that is not padded', async () => {
    const extended = (await make()).extend(instances, namespaces, { nonPaddedNamespaces: [] });
    await expect(extended).rejects.toThrow(/the saved namespace "labels" is not padded/);
  });
});
