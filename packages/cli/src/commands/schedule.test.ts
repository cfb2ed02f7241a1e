import '@tensorflow/tfjs';
import { existsSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';

import { Workplace } from '../__fixtures__/in-process.js';

const OPTIM = require.resolve('@x/optim');
const SCHEDULERS = require.resolve('@x/schedulers');

let at: Workplace;
beforeAll(async () => {
  at = await Workplace.make();
});
afterAll(() => at.remove());

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

let count = 0;
/** A config without its extension; the training has four epochs of two steps. */
async function config(trainer: object, changes: object = {}): Promise<string> {
  const name = `schedule-${count++}`;
  await at.write(`${name}.json`, {
    plugins: ['./stub.js', OPTIM, SCHEDULERS],
    model: { type: 'line' },
    dataLoader: { type: 'two-points' },
    trainer: { numEpochs: 4, optimizer: { type: 'sgd', lr: 0.1, momentum: 0.9 }, ...trainer },
    ...changes,
  });
  return at.path(name);
}

it('plots the learning rate of every step, on the terminal and into a file beside the config', async () => {
  const name = await config({ learningRateScheduler: { type: 'linear_with_warmup', warmupSteps: 2 } });
  const { status, out, err } = await at.xTrain(['schedule', `${name}.json`]);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(out).toMatch(/^learning rate of schedule-\d+\.json\n/);
  expect(out).toContain('learning rate: 0.0500 at step 1, highest 0.1000 at step 2, lowest 0 at step 8, 0 at step 8');
  expect(out).toContain('4 epochs of 2 steps');
  expect(out).toContain(`written to ${name}.schedule.svg`);
  expect(readFileSync(`${name}.schedule.svg`, 'utf8')).toMatch(/^<svg [^]*learning rate of[^]*<\/svg>\s*$/);
  expect(out).not.toContain('momentum');
});

it('plots the momentum too where a scheduler changes it', async () => {
  const name = await config({
    learningRateScheduler: { type: 'exponential', gamma: 0.5 },
    momentumScheduler: { type: 'inverted_triangular', coolDown: 1, warmUp: 1 },
  });
  const { out } = await at.xTrain(['schedule', `${name}.json`]);
  expect(out).toContain(
    'learning rate: 0.1000 at step 1, highest 0.1000 at step 1, lowest 0.0125 at step 7, 0.0125 at step 8',
  );
  expect(out).toContain(
    'momentum: 0.9000 at step 1, highest 0.9000 at step 1, lowest 0.0900 at step 3, 0.9000 at step 8',
  );
  expect(existsSync(`${name}.schedule.momentum.svg`)).toBe(true);

  const cycle = await config({ learningRateScheduler: { type: 'one_cycle', maxLr: 0.5 } });
  expect((await at.xTrain(['schedule', `${cycle}.json`])).out).toContain('momentum: 0.9500 at step 1');
});

it('leaves out groups that hold no parameter', async () => {
  const optimizer = { type: 'sgd', lr: 0.1, parameterGroups: [[['w'], { lr: 0.3 }]] };
  const alone = await config({ optimizer, learningRateScheduler: 'constant' });
  expect((await at.xTrain(['schedule', `${alone}.json`])).out).toContain('learning rate: 0.3000 all the time');
});

it('takes epochs, steps, overrides and the file from the command line', async () => {
  const name = await config({ numGradientAccumulationSteps: 2, learningRateScheduler: 'polynomial_decay' });
  const output = at.path('mine.svg');
  const args = ['schedule', `${name}.json`, '--epochs', '5', '--steps-per-epoch', '10', '--output', output];
  const { out, err } = await at.xTrain([...args, '-o', '{"trainer.optimizer.lr": 1}']);
  expect(err).toBe('');
  expect(out).toContain('learning rate: 0.9800 at step 1, highest 0.9800 at step 1, lowest 0 at step 50, 0 at step 50');
  expect(out).toContain('5 epochs of 10 steps');
  expect(existsSync(output)).toBe(true);
  expect(existsSync(`${name}.schedule.svg`)).toBe(false);
});

it('keeps what depends on the validation metric, and says so', async () => {
  const plateau = { type: 'reduce_on_plateau', patience: 0 };
  const name = await config({ learningRateScheduler: plateau });
  const { status, out } = await at.xTrain(['schedule', `${name}.json`]);
  expect(status).toBe(0);
  expect(out).toContain('learning rate: 0.1000 all the time');
  expect(out).toContain('a scheduler depends on the validation metric');
});

it.each([['0'], ['many']])('refuses %s steps', async (steps) => {
  const name = await config({ learningRateScheduler: 'constant' });
  const { status, err } = await at.xTrain(['schedule', `${name}.json`, '--steps-per-epoch', steps]);
  expect(status).toBe(1);
  expect(err).toContain(`--steps-per-epoch: expected a whole number from 1, received "${steps}"`);
});

it('says what to do where the length of an epoch is not known', async () => {
  await at.write('endless.js', ENDLESS);
  const plugins = ['./stub.js', './endless.js', OPTIM, SCHEDULERS];
  const name = await config({}, { plugins, dataLoader: { type: 'endless' } });
  const { status, err } = await at.xTrain(['schedule', `${name}.json`]);
  expect(status).toBe(1);
  expect(err).toContain('say --steps-per-epoch');
  expect(await at.xTrain(['schedule', `${name}.json`, '--steps-per-epoch', '3'])).toMatchObject({
    status: 0,
    out: expect.stringContaining('4 epochs of 3 steps') as string,
  });
});

/** A plugin with a data loader that does not know how many batches it has. */
const ENDLESS = `
const core = require(${JSON.stringify(require.resolve('@x/trainer-core'))});
class Endless extends core.DataLoader {
  resumability = 'once';
  length() { return null; }
  async *epoch() {}
}
core.DataLoader.register('endless')(Endless);
exports.__esModule = true;
exports.default = core.definePlugin({ name: 'endless', provides: [Endless] });`;
