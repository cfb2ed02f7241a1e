import { resolve } from 'node:path';

import type { Instance, RunContainer } from '@x/trainer-core';
import { ConfigDir, ConfigError, DataError, Dataset, DatasetReader, parseOptions, Vocabulary } from '@x/trainer-core';
import { z } from 'zod';

import { checkCounted } from './check-counted.js';
import { chooseTokens } from './choose-tokens.js';
import type { Namespaces, TokenCounts } from './count-tokens.js';
import { countTokens } from './count-tokens.js';
import { checkNamespace, DEFAULT_NON_PADDED_NAMESPACES, isListed } from './namespaces.js';
import { readPretrainedTokens } from './pretrained-tokens.js';
import { someOf } from './some-of.js';
import { TokenList } from './token-list.js';
import { readVocabulary, writeVocabulary } from './vocabulary-files.js';
import type { ContentSettings, SpecialTokens, VocabularyOptions } from './vocabulary-options.js';
import {
  DEFAULT_OOV_TOKEN,
  DEFAULT_PADDING_TOKEN,
  ExtendOptions,
  FromFilesOptions,
  FromInstancesOptions,
} from './vocabulary-options.js';

/**
 * Numbers for the strings of a data set (AllenNLP's `Vocabulary`). Each namespace counts on its own. In a padded one, 0 is
 * padding and 1 stands for all unknown tokens; in the others, by default those of tags and labels, numbers start at the
 * commonest token, and an unknown one is an error.
 */
@Vocabulary.register('from_instances', FromInstancesOptions, fromRunInstances)
@Vocabulary.register('from_files', FromFilesOptions, (options, run) =>
  IndexedVocabulary.fromFiles(inConfigDir(options.directory, run), options),
)
@Vocabulary.register('extend', ExtendOptions, async (options, run) => {
  const { directory, ...rest } = options;
  const vocabulary = await IndexedVocabulary.fromFiles(inConfigDir(directory, run), rest);
  return vocabulary.extend(run.get(Dataset), namespacesOf(run), withPaths(rest, run));
})
@Vocabulary.register('empty', z.strictObject({}), () => new IndexedVocabulary())
export class IndexedVocabulary extends Vocabulary {
  private readonly lists: Map<string, TokenList> = new Map();
  private readonly nonPadded: Set<string>;
  private readonly special: SpecialTokens;

  /** A vocabulary without namespaces. */
  constructor(
    nonPaddedNamespaces: Iterable<string> = DEFAULT_NON_PADDED_NAMESPACES,
    { paddingToken = DEFAULT_PADDING_TOKEN, oovToken = DEFAULT_OOV_TOKEN }: Partial<SpecialTokens> = {},
  ) {
    super();
    this.nonPadded = new Set(nonPaddedNamespaces);
    this.special = { paddingToken, oovToken };
  }

  /**
   * The vocabulary of a data set.
   *
   * @param namespaces of the fields to count, by field name: `{ words: 'tokens', label: 'labels' }`.
   * @throws ConfigError for options that the schema refuses and for counts of namespaces that no field has; DataError
   *   (`X_DATA_INVALID`) for fields that do not hold strings.
   */
  static async fromInstances(
    instances: readonly Instance[],
    namespaces: Namespaces,
    options: VocabularyOptions = {},
  ): Promise<IndexedVocabulary> {
    const settings = parseOptions(FromInstancesOptions, options, 'the vocabulary');
    const vocabulary = new IndexedVocabulary(settings.nonPaddedNamespaces, settings);
    return vocabulary.add(countTokens(instances, namespaces), settings);
  }

  /**
   * A saved vocabulary.
   *
   * @param directory its folder, or that of a run that has it in `vocabulary`.
   * @throws DataError (`X_DATA_INVALID`) if there is none, or if a padded namespace lacks the unknown token.
   */
  static async fromFiles(directory: string, special: Partial<SpecialTokens> = {}): Promise<IndexedVocabulary> {
    const saved = await readVocabulary(directory);
    const vocabulary = new IndexedVocabulary(saved.nonPaddedNamespaces, special);
    const { paddingToken, oovToken } = vocabulary.special;
    for (const [namespace, tokens] of saved.namespaces) {
      const isPadded = vocabulary.isPadded(namespace);
      if (isPadded && !tokens.includes(oovToken)) {
        throw new DataError(
          'X_DATA_INVALID',
          `the vocabulary in ${directory} has a padded namespace "${namespace}" without the unknown token ` +
            `"${oovToken}"; set oovToken to the one it has, or list the namespace in non_padded_namespaces.txt`,
        );
      }
      vocabulary.lists.set(namespace, new TokenList(isPadded ? [paddingToken, ...tokens] : tokens));
    }
    return vocabulary;
  }

  /**
   * Adds the tokens of more data; those that it has keep their numbers.
   *
   * @throws as {@link fromInstances}, and ConfigError for a namespace that is padded here and not there.
   */
  async extend(
    instances: readonly Instance[],
    namespaces: Namespaces,
    options: Omit<VocabularyOptions, keyof SpecialTokens> = {},
  ): Promise<this> {
    const settings = parseOptions(FromInstancesOptions, { ...options, ...this.special }, 'the vocabulary');
    return this.add(countTokens(instances, namespaces), settings);
  }

  /** The names of its namespaces. */
  get namespaces(): readonly string[] {
    return [...this.lists.keys()];
  }

  /** Whether 0 is padding in a namespace, and another number stands for unknown tokens. */
  isPadded(namespace: string): boolean {
    return !isListed(namespace, this.nonPadded);
  }

  /** The tokens of a namespace in the order of their numbers. */
  tokens(namespace: string): readonly string[] {
    return this.list(namespace).tokens;
  }

  /**
   * @throws DataError (`X_DATA_INVALID`) for an unknown namespace, and for an unknown token in one that has no number for
   *   these.
   */
  override indexOf(token: string, namespace: string): number {
    const list = this.list(namespace);
    const index = list.indexOf(token) ?? list.indexOf(this.special.oovToken);
    if (index !== undefined) return index;
    throw new DataError(
      'X_DATA_INVALID',
      `${JSON.stringify(token)} is not in the vocabulary's namespace "${namespace}", which has ` +
        `${someOf(list.tokens)} and no token for unknown ones; ` +
        'make the vocabulary from data that have it, or name it in tokensToAdd',
    );
  }

  /** @throws DataError (`X_DATA_INVALID`) for an unknown namespace, and for a number that no token has. */
  override tokenOf(index: number, namespace: string): string {
    const { tokens } = this.list(namespace);
    const token = tokens[index];
    if (token !== undefined) return token;
    throw new DataError(
      'X_DATA_INVALID',
      `no token of the vocabulary's namespace "${namespace}" has the number ${index}; it has ${tokens.length} tokens`,
    );
  }

  /** @throws DataError (`X_DATA_INVALID`) for an unknown namespace. */
  override size(namespace: string): number {
    return this.list(namespace).tokens.length;
  }

  override async save(folder: string): Promise<void> {
    const namespaces = new Map(
      [...this.lists].map(([name, { tokens }]) => [name, this.isPadded(name) ? tokens.slice(1) : tokens]),
    );
    await writeVocabulary(folder, { nonPaddedNamespaces: [...this.nonPadded], namespaces });
  }

  private list(namespace: string): TokenList {
    const list = this.lists.get(namespace);
    if (list !== undefined) return list;
    throw new DataError(
      'X_DATA_INVALID',
      `the vocabulary has no namespace "${namespace}"; it has ${someOf(this.namespaces)}; ` +
        "give it to a field in the dataset reader's `namespaces`, or ask for one of those",
    );
  }

  private async add(counts: TokenCounts, settings: ContentSettings): Promise<this> {
    const { nonPaddedNamespaces, pretrainedFiles, tokensToAdd } = settings;
    checkCounted(counts, settings);
    const names = [...new Set([...counts.keys(), ...Object.keys(tokensToAdd)])];
    for (const name of names) this.checkAddition(name, nonPaddedNamespaces);
    for (const pattern of nonPaddedNamespaces) this.nonPadded.add(pattern);
    for (const name of names) {
      const file = counts.has(name) ? pretrainedFiles[name] : undefined;
      const pretrained = file === undefined ? undefined : await readPretrainedTokens(file);
      const list = this.listToAddTo(name);
      for (const token of chooseTokens(name, counts.get(name) ?? new Map(), settings, pretrained)) list.add(token);
    }
    return this;
  }

  private checkAddition(namespace: string, nonPaddedNamespaces: readonly string[]): void {
    checkNamespace(namespace);
    if (!this.lists.has(namespace) || this.isPadded(namespace) !== isListed(namespace, nonPaddedNamespaces)) return;
    throw ConfigError.of(
      'X_CONFIG_INVALID',
      'vocabulary.nonPaddedNamespaces',
      `the saved namespace "${namespace}" is ${this.isPadded(namespace) ? 'padded' : 'not padded'}, ` +
        'which its extension has to be too',
    );
  }

  private listToAddTo(namespace: string): TokenList {
    const { paddingToken, oovToken } = this.special;
    const list = this.lists.get(namespace) ?? new TokenList(this.isPadded(namespace) ? [paddingToken, oovToken] : []);
    this.lists.set(namespace, list);
    return list;
  }
}

async function fromRunInstances(
  options: z.output<typeof FromInstancesOptions>,
  run: RunContainer,
): Promise<IndexedVocabulary> {
  const namespaces = namespacesOf(run);
  if (Object.keys(namespaces).length === 0 && Object.keys(options.tokensToAdd).length === 0) {
    throw ConfigError.of(
      'X_CONFIG_INVALID',
      'vocabulary',
      'there is nothing to count: the dataset reader gives no field a namespace (its `namespaces`, ' +
        'such as { words: "tokens", label: "labels" })',
    );
  }
  return IndexedVocabulary.fromInstances(run.get(Dataset), namespaces, withPaths(options, run));
}

/** Which fields the run's reader says to hold tokens. */
function namespacesOf(run: RunContainer): Namespaces {
  return run.find(DatasetReader)?.namespaces ?? {};
}

/** Options with the paths of files from the config's folder on. */
function withPaths<O extends { readonly pretrainedFiles: Readonly<Record<string, string>> }>(
  options: O,
  run: RunContainer,
): O {
  const files = Object.entries(options.pretrainedFiles).map(([name, path]) => [name, inConfigDir(path, run)] as const);
  return { ...options, pretrainedFiles: Object.fromEntries(files) };
}

/** @throws ConfigError for a URL. */
function inConfigDir(path: string, run: RunContainer): string {
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    throw ConfigError.of(
      'X_CONFIG_INVALID',
      'vocabulary',
      `${path} is a URL; download it and give the path of the file`,
    );
  }
  return resolve(run.has(ConfigDir) ? run.get(ConfigDir) : '.', path);
}
