import { z } from 'zod';

import { DataLoader } from '../contracts/data-loader.js';
import { DatasetReader, Predictor, Vocabulary } from '../contracts/dataset.js';
import { Engine } from '../contracts/engine.js';
import { Model } from '../contracts/model.js';
import { Trainer } from '../contracts/trainer.js';
import { component } from '../plugins/component.js';
import type { PluginEntry } from '../plugins/load.js';
import { asPlugin } from '../plugins/plugin.js';
import { DEFAULT_SEED } from '../random/streams.js';

const plugin = z.custom<PluginEntry>((value) => typeof value === 'string' || asPlugin(value) !== undefined, {
  error: 'expected the name of a package, or a path that starts with "./"',
});

const unusedSeed = z.int().nullish().describe("Accepted from the original's configs; randomSeed alone decides here");

/** The whole of a config: what the original's `train` command takes, and `plugins`. */
export const RunConfig = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors'),
  type: z.literal('default').default('default').describe('The kind of run'),
  plugins: z.array(plugin).default([]).describe('Packages that provide components, or paths relative to this file'),
  model: component(Model).describe('The model to train'),
  dataLoader: component(DataLoader).describe('How training data becomes batches'),
  validationDataLoader: component(DataLoader)
    .nullish()
    .describe('How validation data becomes batches. Default: as dataLoader, where there is a validationDataPath'),
  testDataLoader: component(DataLoader)
    .nullish()
    .describe('How test data becomes batches. Default: as in validation, where there is a testDataPath'),
  datasetReader: component(DatasetReader).nullish().describe('Reads examples from the paths'),
  validationDatasetReader: component(DatasetReader)
    .nullish()
    .describe('For validation and test data. Default: datasetReader'),
  trainDataPath: z.string().nullish().describe('Training data, relative to this file'),
  validationDataPath: z.string().nullish().describe('Validation data, relative to this file'),
  testDataPath: z.string().nullish().describe('Test data, relative to this file'),
  evaluateOnTest: z
    .boolean()
    .default(false)
    .describe('Whether the best weights are evaluated on the test data at the end'),
  batchWeightKey: z.string().default('').describe("The model's output that weights the batches of that evaluation"),
  vocabulary: component(Vocabulary)
    .nullish()
    .describe('Maps tokens and labels to numbers. Default: made from the data, where the reader names tokens'),
  datasetsForVocabCreation: z
    .array(z.enum(['train', 'validation', 'test']))
    .nullish()
    .describe('The data sets whose examples the vocabulary is made from. Default: all'),
  includeInArchive: z
    .array(z.string())
    .nullish()
    .describe("Files of the run's folder that its archive holds too; * and ? stand for any part of a name"),
  distributed: z.null().optional().describe('Reserved for data-parallel training'),
  randomSeed: z.int().nonnegative().default(DEFAULT_SEED).describe('The seed of all randomness of the run'),
  numpySeed: unusedSeed,
  pytorchSeed: unusedSeed,
  engine: component(Engine)
    .optional()
    .describe(
      'What runs the steps. Default: auto, the fastest one that the listed plugins provide and that is usable here',
    ),
  trainer: component(Trainer).describe('What trains the model'),
  predictor: component(Predictor).nullish().describe('Answers requests with the trained model'),
});

/** A validated config, whose components are still to be built. */
export type RunConfigOptions = z.output<typeof RunConfig>;
