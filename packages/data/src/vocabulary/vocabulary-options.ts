import { z } from 'zod';

import { DEFAULT_NON_PADDED_NAMESPACES } from './namespaces.js';

export const DEFAULT_PADDING_TOKEN = '@@PADDING@@';
export const DEFAULT_OOV_TOKEN = '@@UNKNOWN@@';

const specialTokens = {
  paddingToken: z
    .string()
    .min(1)
    .nullish()
    .transform((token) => token ?? DEFAULT_PADDING_TOKEN)
    .describe(`The token with the number 0 in padded namespaces; default: ${DEFAULT_PADDING_TOKEN}`),
  oovToken: z
    .string()
    .min(1)
    .nullish()
    .transform((token) => token ?? DEFAULT_OOV_TOKEN)
    .describe(`The token that unknown ones are taken for in padded namespaces; default: ${DEFAULT_OOV_TOKEN}`),
};

const content = {
  minCount: z
    .record(z.string(), z.int().nonnegative())
    .default({})
    .describe('By namespace: tokens seen less often are left out'),
  maxVocabSize: z
    .union([z.int().positive(), z.record(z.string(), z.int().positive())])
    .nullish()
    .describe('The number of commonest tokens to keep, padding and unknown not counted; for all or by namespace'),
  nonPaddedNamespaces: z
    .array(z.string().min(1))
    .default([...DEFAULT_NON_PADDED_NAMESPACES])
    .describe('Namespaces without padding and unknown token; "*labels" means all that end so'),
  pretrainedFiles: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'By namespace: a text file of embeddings (or its .gz) whose tokens are kept however rarely they are seen in the data',
    ),
  onlyIncludePretrainedWords: z
    .boolean()
    .default(false)
    .describe('Whether tokens that are not in the pretrained file are left out'),
  minPretrainedEmbeddings: z
    .record(z.string(), z.int().min(-1))
    .default({})
    .describe('By namespace: so many first tokens of the pretrained file are added, seen or not; -1: all'),
  tokensToAdd: z
    .record(z.string(), z.array(z.string()))
    .default({})
    .describe('By namespace: tokens to add whether they are seen or not'),
};

const directory = z.string().describe('The folder of a saved vocabulary, or of a run; relative to the config');

const areDistinct = ({ paddingToken, oovToken }: SpecialTokens): boolean => paddingToken !== oovToken;
const DISTINCT = { path: ['oovToken'], error: 'must not be the token of padding' };

export const FromInstancesOptions = z.strictObject({ ...content, ...specialTokens }).refine(areDistinct, DISTINCT);
export const FromFilesOptions = z.strictObject({ directory, ...specialTokens }).refine(areDistinct, DISTINCT);
export const ExtendOptions = z.strictObject({ directory, ...content, ...specialTokens }).refine(areDistinct, DISTINCT);

/** What becomes of counted tokens. */
export type VocabularyOptions = z.input<typeof FromInstancesOptions>;

/** The token of padding and that of unknown tokens. */
export interface SpecialTokens {
  readonly paddingToken: string;
  readonly oovToken: string;
}

/** The options that choose tokens, with defaults filled in. */
export type ContentSettings = Omit<z.output<typeof FromInstancesOptions>, keyof SpecialTokens>;
