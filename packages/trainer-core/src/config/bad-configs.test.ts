import { z } from 'zod';

import { DataLoader } from '../contracts/data-loader.js';
import { DatasetReader } from '../contracts/dataset.js';
import { Initializer } from '../contracts/initializer.js';
import { Model } from '../contracts/model.js';
import { ConfigError } from '../errors.js';
import { RegularizerApplicatorOptions } from '../model/regularizers/applicator.js';
import { component } from '../plugins/component.js';
import { definePlugin } from '../plugins/plugin.js';
import { prepareRun } from '../run/prepare-run.js';
import type { PrepareOptions } from '../run/prepare-run.js';

const unused = (): never => {
  throw new Error('never called');
};

@Model.register(
  'tiny',
  z.strictObject({
    size: z.int().default(1),
    act: z.enum(['relu', 'tanh']).optional(),
    layers: z.array(z.strictObject({ units: z.int(), name: z.string().optional() })).default([]),
    init: component(Initializer).nullish(),
    rate: z.union([z.number(), z.strictObject({ from: z.number(), to: z.number() }), z.array(z.number())]).optional(),
    regularizer: RegularizerApplicatorOptions.nullish(),
  }),
)
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

const plugin = definePlugin({ name: 'acme', provides: [Tiny, Loader, Lines] });
const minimal = { model: 'tiny', dataLoader: {}, trainer: { checkpointer: null } };

async function errorOf(changes: object, options: PrepareOptions = {}): Promise<ConfigError> {
  try {
    await prepareRun({ ...minimal, ...changes }, { plugins: [plugin], ...options });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the config was accepted');
}

type Row = [what: string, changes: object, code: string, path: string, message: RegExp];

// Section numbers are those of the original's behaviour: what is a ConfigurationError there.
const values: Row[] = [
  ['a required key that is missing', { model: undefined }, 'X_CONFIG_WRONG_TYPE', 'model', /is required/],
  [
    'a key that is missing in a list',
    { model: { type: 'tiny', layers: [{}] } },
    'X_CONFIG_WRONG_TYPE',
    'model.layers.0.units',
    /is required \(number\)/,
  ],
  [
    'keys that are left over',
    { model: { type: 'tiny', color: 'red' } },
    'X_CONFIG_UNKNOWN_KEY',
    'model.color',
    /unknown key "color"; the model "tiny" takes size, act, layers/,
  ],
  [
    'a misspelt key',
    { model: { type: 'tiny', layer: [] } },
    'X_CONFIG_UNKNOWN_KEY',
    'model.layer',
    /did you mean "layers"\?/,
  ],
  [
    'a choice that is none',
    { model: { type: 'tiny', act: 'gelu' } },
    'X_CONFIG_INVALID',
    'model.act',
    /"relu"\|"tanh"; received string "gelu"/,
  ],
  [
    'text for a number',
    { model: { type: 'tiny', size: '3' } },
    'X_CONFIG_WRONG_TYPE',
    'model.size',
    /received string "3"/,
  ],
  [
    'a fraction for a count',
    { model: { type: 'tiny', size: 2.5 } },
    'X_CONFIG_WRONG_TYPE',
    'model.size',
    /received number 2.5/,
  ],
  [
    'true for a number',
    { model: { type: 'tiny', size: true } },
    'X_CONFIG_WRONG_TYPE',
    'model.size',
    /received boolean true/,
  ],
  [
    'a value of none of the possible types',
    { model: { type: 'tiny', rate: 'fast' } },
    'X_CONFIG_WRONG_TYPE',
    'model.rate',
    /expected number or an object or a list, received string "fast"/,
  ],
  [
    'a mistake within one of the possible types',
    { model: { type: 'tiny', rate: { from: 1, too: 2, to: 3 } } },
    'X_CONFIG_UNKNOWN_KEY',
    'model.rate.too',
    /unknown key "too"; did you mean "to"\?/,
  ],
];

const components: Row[] = [
  [
    'no type where there is no default',
    { model: {} },
    'X_CONFIG_NO_TYPE',
    'model.type',
    /a model needs a "type"; available are tiny/,
  ],
  [
    'a list where a component belongs',
    { model: ['tiny'] },
    'X_CONFIG_WRONG_TYPE',
    'model',
    /a name or an object with "type"; received a list/,
  ],
  [
    'a type that is no name',
    { model: { type: 3 } },
    'X_CONFIG_WRONG_TYPE',
    'model.type',
    /expected the name of a model/,
  ],
  ['an unknown name', { model: 'huge' }, 'X_CONFIG_UNKNOWN_NAME', 'model.type', /"huge"; available are tiny/],
  ['a misspelt name', { model: 'tinny' }, 'X_CONFIG_UNKNOWN_NAME', 'model.type', /did you mean "tiny"\?/],
  [
    'the path of a class',
    { model: { type: 'my_models.Tiny' } },
    'X_CONFIG_UNKNOWN_NAME',
    'model.type',
    /imports no classes by their path: list the package that registers it under "plugins"/,
  ],
  [
    'hyphens for underscores',
    { model: { type: 'tiny', init: 'xavier-uniform' } },
    'X_CONFIG_UNKNOWN_NAME',
    'model.init.type',
    /did you mean "xavier_uniform"\?/,
  ],
  [
    'a kind that nothing is registered for',
    { predictor: 'default' },
    'X_CONFIG_UNKNOWN_NAME',
    'predictor.type',
    /no listed plugin provides the predictor "default", nor any other/,
  ],
  [
    'a default that is not registered',
    { trainer: { checkpointer: {} } },
    'X_CONFIG_UNKNOWN_NAME',
    'trainer.checkpointer.type',
    /"default", which is meant where there is no "type"/,
  ],
  [
    'a part of an archive',
    { model: { _pretrained: { archive_file: 'a.tar.gz', module_path: 'encoder' } } },
    'X_CONFIG_UNKNOWN_KEY',
    'model._pretrained',
    /cannot be taken from an archive here/,
  ],
];

const trainers: Row[] = [
  ['patience 0', { trainer: { patience: 0 } }, 'X_CONFIG_INVALID', 'trainer.patience', />0; received number 0/],
  [
    'patience 1.5',
    { trainer: { patience: 1.5 } },
    'X_CONFIG_WRONG_TYPE',
    'trainer.patience',
    /expected int, received number 1.5/,
  ],
  [
    'a metric without sign',
    { trainer: { validation_metric: 'loss' } },
    'X_CONFIG_INVALID',
    'trainer.validationMetric',
    /must start with \+ .* or -/,
  ],
  [
    'several devices',
    { trainer: { cuda_device: [0, 1] } },
    'X_CONFIG_WRONG_TYPE',
    'trainer.cuda_device',
    /expected one device number/,
  ],
  [
    'an opt level that is none',
    { trainer: { opt_level: 'O4' } },
    'X_CONFIG_INVALID',
    'trainer.optLevel',
    /received string "O4"/,
  ],
  [
    'a pattern that is none',
    { trainer: { no_grad: ['('] } },
    'X_CONFIG_INVALID',
    'trainer.noGrad.0',
    /not a valid regular expression/,
  ],
  [
    'an unknown option',
    { trainer: { num_epoch: 3 } },
    'X_CONFIG_UNKNOWN_KEY',
    'trainer.num_epoch',
    /did you mean "numEpochs"\?/,
  ],
  [
    'the model among its options',
    { trainer: { model: 'tiny' } },
    'X_CONFIG_MISPLACED_KEY',
    'trainer.model',
    /the top level/,
  ],
  [
    'an unknown trainer',
    { trainer: 'gradient_decent' },
    'X_CONFIG_UNKNOWN_NAME',
    'trainer.type',
    /did you mean "gradient_descent"\?/,
  ],
];

const runs: Row[] = [
  ['a key of no part', { extra: 1 }, 'X_CONFIG_UNKNOWN_KEY', 'extra', /unknown key "extra"/],
  [
    'a data set that is none',
    { datasetsForVocabCreation: ['dev'] },
    'X_CONFIG_INVALID',
    'datasetsForVocabCreation.0',
    /"train"\|"validation"\|"test"/,
  ],
  ['a reader without a path', { dataset_reader: 'lines' }, 'X_CONFIG_INVALID', 'trainDataPath', /is required/],
  ['a path without a reader', { train_data_path: 'x' }, 'X_CONFIG_INVALID', 'trainDataPath', /needs a "datasetReader"/],
  [
    'a test without test data',
    { evaluate_on_test: true },
    'X_CONFIG_INVALID',
    'evaluateOnTest',
    /there is no test data/,
  ],
  ['workers', { distributed: { cuda_devices: [0, 1] } }, 'X_DISTRIBUTED', 'distributed', /communicator/],
  [
    "0.9's iterator",
    { iterator: { type: 'bucket' } },
    'X_CONFIG_UNKNOWN_KEY',
    'iterator',
    /batches are made under "dataLoader"/,
  ],
];

const models: Row[] = [
  [
    'a penalty that is none',
    { model: { type: 'tiny', regularizer: { regexes: [['w', 'l3']] } } },
    'X_CONFIG_UNKNOWN_NAME',
    'model.regularizer.regexes.0.1.type',
    /did you mean "l2"\?|did you mean "l1"\?/,
  ],
  [
    'a pattern of penalties that is none',
    { model: { type: 'tiny', regularizer: { regexes: [['[', 'l2']] } } },
    'X_CONFIG_INVALID',
    'model.regularizer.regexes.0.0',
    /not a valid regular expression/,
  ],
  [
    'an initializer that is missing an option',
    { model: { type: 'tiny', init: 'constant' } },
    'X_CONFIG_WRONG_TYPE',
    'model.init.val',
    /is required \(number\)/,
  ],
  [
    'an initializer of an unknown mode',
    { model: { type: 'tiny', init: { type: 'kaiming_normal', mode: 'fan_both' } } },
    'X_CONFIG_INVALID',
    'model.init.mode',
    /received string "fan_both"/,
  ],
];

describe.each([
  ['values', values],
  ['components', components],
  ["the trainer's options", trainers],
  ['entries of the run', runs],
  ['parts of models', models],
])('%s', (_, rows) => {
  test.each(rows)('%s', async (_what, changes, code, path, message) => {
    const { problems } = await errorOf(changes);
    expect(problems).toEqual([{ code, path, message: expect.stringMatching(message) as string }]);
  });
});

test.each<[string, string, RegExp]>([
  ['an override that nothing uses', 'trainr.numEpochs', /the config has no "trainr"; did you mean "trainer"\?/],
  ['a place outside of a list', 'plugins.3', /is a list of 0; "3" is out of its bounds/],
])('%s', async (_, path, message) => {
  const error = await errorOf({ plugins: [] }, { overrides: { [path]: 1 } });
  expect(error.problems).toEqual([
    { code: 'X_CONFIG_OVERRIDE', path, message: expect.stringMatching(message) as string },
  ]);
});

test('mistakes of all sections are reported at once', async () => {
  const { problems } = await errorOf({
    model: { type: 'tiny', color: 1 },
    trainer: { use_amp: true, patience: 0, cuda_device: [0] },
    extra: 1,
  });
  expect(problems.map(({ path }) => path).sort()).toEqual([
    'extra',
    'model.color',
    'trainer.cuda_device',
    'trainer.patience',
    'trainer.use_amp',
  ]);
});
