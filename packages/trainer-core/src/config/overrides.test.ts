import { applyOverrides } from './overrides.js';

const config = {
  trainer: { num_epochs: 2, optimizer: { type: 'adam', lr: 0.1 }, callbacks: [{ type: 'a' }, { type: 'b', every: 1 }] },
  model: 'small',
  dataLoader: { batchSize: 4 },
};

test.each<[string, unknown, object]>([
  [
    'a dotted key changes one field',
    { 'trainer.optimizer.lr': 1 },
    { trainer: { optimizer: { type: 'adam', lr: 1 } } },
  ],
  [
    'a dotted key adds a field to what is there',
    { 'trainer.patience': 3 },
    { trainer: { num_epochs: 2, patience: 3 } },
  ],
  ['camelCase finds snake_case', { 'trainer.numEpochs': 9 }, { trainer: { num_epochs: 9 } }],
  ['snake_case finds camelCase', { 'data_loader.batch_size': 8 }, { dataLoader: { batchSize: 8 } }],
  [
    'a number finds a place in a list',
    { 'trainer.callbacks.1.every': 5 },
    { trainer: { callbacks: [{ type: 'a' }, { type: 'b', every: 5 }] } },
  ],
  [
    'a negative number counts from the end of a list',
    { 'trainer.callbacks.-1.every': 5 },
    { trainer: { callbacks: [{ type: 'a' }, { type: 'b', every: 5 }] } },
  ],
  ['null replaces', { 'trainer.optimizer': null }, { trainer: { optimizer: null } }],
  [
    'text is JSON5',
    "{ 'trainer.numEpochs': 9, model: { type: 'large' } }",
    { trainer: { num_epochs: 9 }, model: { type: 'large' } },
  ],
])('%s', (_, overrides, expected) => {
  expect(applyOverrides(config, overrides as string)).toMatchObject(expected);
});

test('a key without dots replaces the whole entry', () => {
  expect(applyOverrides(config, { trainer: { type: 'other' } })['trainer']).toEqual({ type: 'other' });
});

test('the spelling that the config has is kept, without a second key', () => {
  expect(Object.keys(applyOverrides(config, { data_loader: 'x', 'trainer.numEpochs': 1 }))).toEqual([
    'trainer',
    'model',
    'dataLoader',
  ]);
});

test('the config that was given is unchanged, and empty overrides change nothing', () => {
  const before = structuredClone(config);
  applyOverrides(config, { 'trainer.callbacks.0.type': 'x', 'trainer.optimizer.lr': 9 });
  expect(config).toEqual(before);
  expect(applyOverrides(config, '')).toEqual(before);
});

test.each<[string, unknown, RegExp]>([
  ['a blank', ' ', /cannot be parsed as JSON5/],
  ['an unknown container', { 'trainer.optimzer.lr': 1 }, /"trainer" has no "optimzer"; did you mean "optimizer"\?/],
  ['an unknown top', { 'nothing.like.it': 1 }, /the config has no "nothing"; add it as a whole entry first/],
  [
    'a field of a name',
    { 'model.size': 1 },
    /"model" is string "small", which has no fields; give the whole entry, \{"model": \{"type": "small", \.\.\.\}\}/,
  ],
  [
    'a place outside of a list',
    { 'trainer.callbacks.2.type': 'c' },
    /"trainer.callbacks" is a list of 2; "2" is out of its bounds/,
  ],
  ['a name in a list', { 'trainer.callbacks.last': 1 }, /"last" is not a valid place in it/],
  ['a place and a part of it', { trainer: {}, 'trainer.numEpochs': 1 }, /the same place as the override "trainer"/],
  [
    'two spellings of a place',
    { 'trainer.numEpochs': 1, 'trainer.num_epochs': 2 },
    /the same place as the override "trainer.numEpochs"/,
  ],
  ['broken text', '{ a: ', /cannot be parsed as JSON5/],
  ['text that is no object', '[1]', /should be an object such as .* received a list \[1\]/],
])('%s is refused', (_, overrides, message) => {
  const run = (): unknown => applyOverrides(config, overrides as string);
  expect(run).toThrow(expect.objectContaining({ name: 'ConfigError', code: 'X_CONFIG_OVERRIDE' }));
  expect(run).toThrow(message);
});

describe('where overrides merge', () => {
  const merged = (overrides: unknown): object => applyOverrides(config, overrides as string, { mode: 'merge' });

  test('fields of an entry that are not named stay, in the spelling of the config', () => {
    expect(merged({ trainer: { numEpochs: 9, optimizer: { lr: 1 } } })).toEqual({
      ...config,
      trainer: { ...config.trainer, num_epochs: 9, optimizer: { type: 'adam', lr: 1 } },
    });
  });

  test('what is not there is made, and text gives way to an object', () => {
    expect(merged('{"new.key": true, "model.size": 3}')).toEqual({ ...config, new: { key: true }, model: { size: 3 } });
  });

  test('an entry and a field of it may be given together, one place twice may not', () => {
    expect(merged({ trainer: {}, 'trainer.patience': 1 })).toMatchObject({ trainer: { num_epochs: 2, patience: 1 } });
    expect(() => merged({ 'trainer.numEpochs': 1, 'trainer.num_epochs': 2 })).toThrow(
      /trainer.num_epochs: is given twice/,
    );
    expect(() => merged({ model: 'x', 'model.size': 1 })).toThrow(/lies below "model", which is given as string "x"/);
  });
});
