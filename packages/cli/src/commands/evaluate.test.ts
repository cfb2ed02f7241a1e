import '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';

import { CHECKPOINT, DATA, Workplace } from '../__fixtures__/in-process.js';

let at: Workplace;
let folder: string;
beforeAll(async () => {
  at = await Workplace.make();
  await at.write('train.jsonl', '{"x":[1],"y":[2]}\n');
  // of a model that puts out 0: squared errors 1, 1 and 9
  await at.write('test.jsonl', '{"x":[1],"y":[1]}\n{"x":[1],"y":[1]}\n{"x":[1],"y":[3]}\n');
  folder = at.path('run');
  expect(await at.xTrain(['train', await config({}), '-s', folder])).toMatchObject({ status: 0, err: '' });
});
afterAll(() => at.remove());

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

function config(changes: object): Promise<string> {
  return at.write('config.json', {
    plugins: ['./stub.js', CHECKPOINT, DATA],
    datasetReader: 'jsonl',
    trainDataPath: 'train.jsonl',
    testDataPath: 'test.jsonl',
    model: { type: 'line' },
    dataLoader: { batchSize: 2 },
    trainer: { numEpochs: 1, optimizer: { type: 'plain', lr: 0 } },
    ...changes,
  });
}

async function lossOf(...args: string[]): Promise<number> {
  const output = at.path('evaluation.json');
  expect(await at.xTrain(['evaluate', folder, ...args, '--output-file', output])).toMatchObject({ status: 0, err: '' });
  return (JSON.parse(readFileSync(output, 'utf8')) as { loss: number }).loss;
}

it.each<[string, string[], number]>([
  ['a batch counts 1', [], (1 + 9) / 2],
  ['batches of another size', ['--batch-size', '1'], (1 + 1 + 9) / 3],
  ['batches are weighted by an output', ['--batch-weight-key', 'rows'], (2 * 1 + 9) / 3],
])('%s', async (_, args, loss) => {
  expect(await lossOf(...args)).toBeCloseTo(loss, 6);
});

it('evaluates other data, and prints what it writes', async () => {
  const { out } = await at.xTrain(['evaluate', folder, 'train.jsonl']);
  expect(out).toBe('loss  4\n');
});

it.each([
  ['a batch size that is no number', ['--batch-size', 'many'], '--batch-size: expected a whole number from 1'],
  ['an output that there is not', ['--batch-weight-key', 'weight'], 'the model puts out prediction, loss, rows'],
  ['weights of two kinds', ['--weights', 'latest', '--weights-file', 'x'], 'cannot be used with option'],
  ['a weights file that is not there', ['--weights-file', 'nowhere'], 'the weights nowhere cannot be read'],
])('refuses %s', async (_, args, message) => {
  const { status, err } = await at.xTrain(['evaluate', folder, ...args]);
  expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(message) as string });
});

it('says where the batch size cannot be changed', async () => {
  const other = at.path('bucket');
  const dataLoader = { batchSampler: { type: 'bucket', batchSize: 1 } };
  expect(await at.xTrain(['train', await config({ dataLoader }), '-s', other])).toMatchObject({ status: 0 });
  const { status, err } = await at.xTrain(['evaluate', other, '--batch-size', '2']);
  expect({ status, err }).toEqual({
    status: 1,
    err: expect.stringContaining('the batch size cannot be changed') as string,
  });
});

it.each(['evaluate', 'predict'])('%s runs on the engine of the run', async (command) => {
  const broken = await at.write(
    'broken-engine.js',
    `const core = require(${JSON.stringify(require.resolve('@x/trainer-core'))});
    class Broken extends core.EagerEngine {
      async run({ name }) { throw new core.EngineError('X_ENGINE_UNAVAILABLE', 'asked for ' + name); }
    }
    core.Engine.register('broken')(Broken);
    exports.default = core.definePlugin({ name: 'broken', provides: [Broken] });`,
  );
  const overrides = { engine: 'broken', plugins: ['./stub.js', CHECKPOINT, DATA, broken] };
  const { status, err } = await at.xTrain([command, folder, '-o', JSON.stringify(overrides)], '{"x":[1]}\n');
  expect([status, err]).toEqual([1, expect.stringContaining('asked for evaluate')]);
});
