import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Vocabulary } from '@x/trainer-core';
import { DataError } from '@x/trainer-core';

import type { TestRunner } from './runner.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** A vocabulary to be tested. */
export interface VocabularySubject {
  readonly name: string;
  /** Makes one with at least one token in each of the namespaces, the same one at every call. */
  readonly make: () => Vocabulary | Promise<Vocabulary>;
  /** Reads what `save` wrote into the folder. */
  readonly load: (folder: string) => Vocabulary | Promise<Vocabulary>;
  readonly namespaces: readonly string[];
}

/** A token that no vocabulary has. */
const UNKNOWN = 'a token that no data set has \u{1F980}';

/** What every vocabulary must do: number its tokens without gaps, and be the same after it was saved. */
export function vocabularyContract(
  { describe, it }: TestRunner,
  { name, make, load, namespaces }: VocabularySubject,
): void {
  describe(`${name}: vocabulary`, () => {
    it('numbers the tokens of each namespace from 0 without gaps, and back', async () => {
      const vocabulary = await make();
      for (const namespace of namespaces) {
        const tokens = tokensOf(vocabulary, namespace);
        assert.ok(tokens.length > 0, `this suite needs a token in "${namespace}"`);
        assert.equal(new Set(tokens).size, tokens.length, `"${namespace}" has a token twice`);
        tokens.forEach((token, i) => assert.equal(vocabulary.indexOf(token, namespace), i, JSON.stringify(token)));
      }
    });

    it('takes all unknown tokens of a namespace for one of its own, or refuses them with a DataError', async () => {
      const vocabulary = await make();
      for (const namespace of namespaces) {
        const number = numberOrError(vocabulary, UNKNOWN, namespace);
        if (typeof number !== 'number') continue;
        assert.ok(number >= 0 && number < vocabulary.size(namespace), `"${namespace}" gives ${number}`);
        assert.equal(vocabulary.indexOf(`${UNKNOWN}!`, namespace), number);
      }
    });

    it('refuses numbers that no token has, with a DataError', async () => {
      const vocabulary = await make();
      for (const namespace of namespaces) {
        for (const number of [-1, 0.5, vocabulary.size(namespace)]) {
          assert.throws(() => vocabulary.tokenOf(number, namespace), DataError, `${number} in "${namespace}"`);
        }
      }
    });

    it('is the same after it was saved, in a folder that need not be there', async () => {
      const vocabulary = await make();
      await inTemporaryFolder(async (path) => {
        const folder = join(path, 'new', 'vocabulary');
        await vocabulary.save(folder);
        const loaded = await load(folder);
        for (const namespace of namespaces) {
          assert.deepEqual(tokensOf(loaded, namespace), tokensOf(vocabulary, namespace));
          assert.equal(
            typeof numberOrError(loaded, UNKNOWN, namespace),
            typeof numberOrError(vocabulary, UNKNOWN, namespace),
          );
        }
      });
    });

    it('writes the same files when it is saved again, and after it was loaded', async () => {
      await inTemporaryFolder(async (path) => {
        const vocabulary = await make();
        await vocabulary.save(path);
        const written = await filesIn(path);
        await vocabulary.save(path);
        assert.deepEqual(await filesIn(path), written);
        await (await load(path)).save(join(path, 'again'));
        assert.deepEqual(await filesIn(join(path, 'again')), written);
      });
    });
  });
}

function tokensOf(vocabulary: Vocabulary, namespace: string): string[] {
  return Array.from({ length: vocabulary.size(namespace) }, (_, i) => vocabulary.tokenOf(i, namespace));
}

function numberOrError(vocabulary: Vocabulary, token: string, namespace: string): number | DataError {
  try {
    return vocabulary.indexOf(token, namespace);
  } catch (error) {
    assert.ok(error instanceof DataError, `expected a DataError, received ${String(error)}`);
    return error;
  }
}

async function filesIn(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  const files = names.sort().map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}
