import 'reflect-metadata';
import { z } from 'zod';

import { DataLoader } from '../contracts/data-loader.js';
import { DatasetReader } from '../contracts/dataset.js';
import { Model } from '../contracts/model.js';
import { Trainer } from '../contracts/trainer.js';
import { EagerEngine } from '../engine/eager-engine.js';
import type { AnyClass } from '../plugins/describe.js';
import { definePlugin } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { validateRun } from './validate-run.js';

const unused = (): never => {
  throw new Error('never called');
};

@Model.register('tiny', z.strictObject({ numIn: z.int().default(1) }))
class Tiny extends Model {
  forward = unused;
  namedVariables = unused;
}

@DataLoader.register('default', z.strictObject({ batchSize: z.int().positive().default(1) }))
class Loader extends DataLoader {
  resumability = 'seekable' as const;
  length = unused;
  epoch = unused;
}

@DatasetReader.register('lines')
class Lines extends DatasetReader {
  read = unused;
}

@Trainer.register(
  'gradient_descent',
  z.strictObject({ numEpochs: z.int().default(1), optimizer: z.string().optional(), engine: z.string().optional() }),
)
class Descent extends Trainer {
  constructor(_: object) {
    super();
  }

  train = unused;
  getCheckpointState = unused;
}

const registry = new Registry([
  definePlugin({ name: 'acme', provides: [Tiny, Loader, Lines, Descent, EagerEngine] as AnyClass[] }),
]);
const minimal = { model: 'tiny', dataLoader: {}, trainer: {} };

function problems(changes: object): string[][] {
  const result = validateRun({ ...minimal, ...changes }, registry);
  return result.ok ? [] : result.problems.map(({ code, path, message }) => [code, path.join('.'), message]);
}

test('the smallest config is complete with the defaults of the original', () => {
  expect(validateRun(minimal, registry)).toMatchObject({
    ok: true,
    value: { randomSeed: 13370, evaluateOnTest: false, batchWeightKey: '', plugins: [], type: 'default' },
  });
});

test("a config of the original's shape and spelling is read", () => {
  const result = validateRun(
    {
      dataset_reader: { type: 'lines' },
      train_data_path: 'a',
      validation_data_path: 'b',
      model: { type: 'tiny', num_in: 3 },
      data_loader: { batch_size: 4 },
      trainer: { num_epochs: 2, optimizer: 'sgd' },
      random_seed: 1,
      numpy_seed: 2,
      pytorch_seed: null,
    },
    registry,
  );
  expect(result).toMatchObject({
    ok: true,
    value: {
      randomSeed: 1,
      trainDataPath: 'a',
      model: { options: { numIn: 3 } },
      dataLoader: { options: { batchSize: 4 } },
    },
  });
});

test.each<[string, object, string, string, RegExp]>([
  ['a missing part', { model: undefined }, 'X_CONFIG_WRONG_TYPE', 'model', /is required/],
  ['an unknown key', { modle: 1 }, 'X_CONFIG_UNKNOWN_KEY', 'modle', /did you mean "model"\?/],
  [
    'an unknown key below',
    { trainer: { numEpoch: 1 } },
    'X_CONFIG_UNKNOWN_KEY',
    'trainer.numEpoch',
    /did you mean "numEpochs"\?/,
  ],
  ['a wrong type', { trainer: { numEpochs: '3' } }, 'X_CONFIG_WRONG_TYPE', 'trainer.numEpochs', /received string "3"/],
  ['an unknown name', { model: 'tinny' }, 'X_CONFIG_UNKNOWN_NAME', 'model.type', /did you mean "tiny"\?/],
  ['two spellings', { data_loader: {} }, 'X_CONFIG_TWO_SPELLINGS', 'data_loader', /"data_loader" and "dataLoader"/],
  [
    'a model under trainer',
    { trainer: { model: 'tiny' } },
    'X_CONFIG_MISPLACED_KEY',
    'trainer.model',
    /the top level, beside "trainer"/,
  ],
  [
    'a loader under trainer',
    { trainer: { data_loader: {} } },
    'X_CONFIG_MISPLACED_KEY',
    'trainer.data_loader',
    /the top level/,
  ],
  [
    'a folder under trainer',
    { trainer: { serialization_dir: 'x' } },
    'X_CONFIG_MISPLACED_KEY',
    'trainer.serialization_dir',
    /--serialization-dir/,
  ],
  [
    'a rank under trainer',
    { trainer: { localRank: 0 } },
    'X_CONFIG_MISPLACED_KEY',
    'trainer.localRank',
    /starts the workers/,
  ],
  [
    'a path under trainer',
    { trainer: { trainDataPath: 'x' } },
    'X_CONFIG_MISPLACED_KEY',
    'trainer.trainDataPath',
    /the top level/,
  ],
  ['a trainer option at the top', { num_epochs: 3 }, 'X_CONFIG_MISPLACED_KEY', 'num_epochs', /belongs under "trainer"/],
  [
    'workers',
    { distributed: { cuda_devices: [0, 1] } },
    'X_DISTRIBUTED',
    'distributed',
    /a package that provides a communicator/,
  ],
  [
    'a path without a reader',
    { validationDataPath: 'x' },
    'X_CONFIG_INVALID',
    'validationDataPath',
    /needs a "datasetReader"/,
  ],
  ['a reader without a path', { datasetReader: 'lines' }, 'X_CONFIG_INVALID', 'trainDataPath', /is required/],
  ['a test without data', { evaluateOnTest: true }, 'X_CONFIG_INVALID', 'evaluateOnTest', /there is no test data/],
  [
    'two engines',
    { engine: 'eager', trainer: { engine: 'eager' } },
    'X_CONFIG_INVALID',
    'trainer.engine',
    /given twice/,
  ],
  ['a plugin that is no name', { plugins: [3] }, 'X_CONFIG_INVALID', 'plugins.0', /the name of a package/],
])('%s is one problem with its place', (_, changes, code, path, message) => {
  expect(problems(changes)).toEqual([[code, path, expect.stringMatching(message)]]);
});

test('problems of all kinds are reported together', () => {
  const found = problems({
    model: 'nope',
    optimizer: 'sgd',
    trainer: { model: 'tiny', numEpochs: 'x' },
    evaluateOnTest: true,
    extra: 1,
  });
  expect(found.map(([, path]) => path).sort()).toEqual([
    'evaluateOnTest',
    'extra',
    'model.type',
    'optimizer',
    'trainer.model',
    'trainer.numEpochs',
  ]);
});
