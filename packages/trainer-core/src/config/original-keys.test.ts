import { z } from 'zod';

import { Checkpointer } from '../contracts/checkpointer.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import { definePlugin } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { adviceForTopKey, translateTrainer } from './original-keys.js';

const unused = (): never => {
  throw new Error('never called');
};

const OWN = ['numEpochs', 'cudaDevice', 'checkpointer', 'tensorboardWriter', 'callbacks'];

@Checkpointer.register('default', z.strictObject({ numSerializedModelsToKeep: z.int().default(2) }))
class Keeper extends Checkpointer {
  saveCheckpoint = unused;
  maybeSaveCheckpoint = unused;
  restoreCheckpoint = unused;
  bestModelState = unused;
}

@TrainerCallback.register('tensorboard')
class Drawer extends TrainerCallback {}

const written = expect.any(Function) as unknown;

const registry = new Registry([definePlugin({ name: 'acme', provides: [Keeper] })]);

function translate(block: object, own = OWN): object {
  return translateTrainer(block as Record<string, unknown>, own, registry);
}

test('what asks for what happens anyway is taken out', () => {
  const block = {
    use_amp: false,
    grad_scaling: true,
    run_confidence_checks: false,
    enable_default_callbacks: true,
    num_epochs: 3,
  };
  expect(translate(block)).toEqual({ trainer: { num_epochs: 3 }, problems: [], written });
});

test.each<[string, unknown, RegExp]>([
  ['use_amp', true, /"use_amp" is of another version of AllenNLP; mixed precision is "optLevel": "O1" here/],
  ['run_confidence_checks', true, /a model is not tried out before training here/],
  ['ddp_accelerator', { type: 'fairscale_fsdp' }, /remove it/],
  ['num_serialized_models_to_keep', 3, /write "checkpointer": \{"numSerializedModelsToKeep": 3\}/],
  ['model_save_interval', 60, /write "checkpointer": \{"modelSaveInterval": 60\}/],
  ['histogram_interval', 100, /write "tensorboardWriter": \{"histogramInterval": 100\}/],
  ['log_batch_size_period', 10, /write "tensorboardWriter": \{"batchSizeInterval": 10\}/],
  ['shuffle', false, /write "shuffle": false under "dataLoader", beside "trainer"/],
  [
    'cuda_device',
    [0, 1],
    /expected one device number .* received a list \[0,1\]; .* several are listed under "distributed"/,
  ],
])('%s: %j says what to write instead', (key, value, message) => {
  expect(translate({ [key]: value })).toMatchObject({
    trainer: {},
    problems: [{ path: [key], message: expect.stringMatching(message) as string }],
  });
});

test('the callback "tensorboard" is the TensorBoard writer', () => {
  expect(translate({ callbacks: ['tensorboard', 'other'] })).toEqual({
    trainer: { callbacks: ['other'], tensorboardWriter: {} },
    problems: [],
    written,
  });
  expect(translate({ callbacks: [{ type: 'tensorboard', summary_interval: 5 }] })).toEqual({
    trainer: { callbacks: [], tensorboardWriter: { summary_interval: 5 } },
    problems: [],
    written,
  });
});

test('the callbacks after it keep their places in messages', () => {
  const { written: place } = translateTrainer({ callbacks: ['a', 'tensorboard', 'b'] }, OWN, registry);
  expect(place(['callbacks', 0, 'type'])).toEqual(['callbacks', 0, 'type']);
  expect(place(['callbacks', 1, 'type'])).toEqual(['callbacks', 2, 'type']);
  expect(place(['numEpochs'])).toEqual(['numEpochs']);
});

test('two TensorBoard writers are one too many', () => {
  expect(translate({ callbacks: ['tensorboard'], tensorboard_writer: {} })).toMatchObject({
    problems: [{ code: 'X_CONFIG_INVALID', path: ['callbacks', 0] }],
  });
});

test('a callback "tensorboard" that a plugin provides is that', () => {
  const withCallback = new Registry([definePlugin({ name: 'acme', provides: [Drawer] })]);
  const block = { callbacks: ['tensorboard'] };
  expect(translateTrainer(block, OWN, withCallback)).toEqual({ trainer: block, problems: [], written });
});

test('options of parts get the names of here, where the part does not have them itself', () => {
  expect(translate({ checkpointer: { keep_most_recent_by_count: 3 } })).toEqual({
    trainer: { checkpointer: { numSerializedModelsToKeep: 3 } },
    problems: [],
    written,
  });
  const unknown = { checkpointer: { type: 'other', keep_most_recent_by_count: 3 } };
  expect(translate(unknown)).toEqual({ trainer: unknown, problems: [], written });
});

test("a trainer's own keys are its own", () => {
  const block = { shuffle: true, use_amp: true };
  expect(translate(block, ['shuffle', 'useAmp'])).toEqual({ trainer: block, problems: [], written });
});

test('keys that only other versions have at the top', () => {
  expect(adviceForTopKey('iterator')).toMatch(/batches are made under "dataLoader"/);
  expect(adviceForTopKey('modle')).toBeUndefined();
});
