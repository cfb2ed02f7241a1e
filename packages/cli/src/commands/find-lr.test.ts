import '@tensorflow/tfjs';
import { readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';

import { CHECKPOINT, Workplace } from '../__fixtures__/in-process.js';

let at: Workplace;
let config: string;
beforeAll(async () => {
  at = await Workplace.make();
  config = await at.write('line.json', {
    plugins: ['./stub.js', CHECKPOINT],
    model: { type: 'line' },
    dataLoader: { type: 'two-points' },
    trainer: { numEpochs: 2, optimizer: { type: 'plain' } },
  });
});
afterAll(() => at.remove());

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const rows = (folder: string): number[][] =>
  readFileSync(at.path(folder, 'lr-losses.tsv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t').map(Number));

it('trains with a growing rate, plots the losses, and suggests a rate', async () => {
  const args = [
    'find-lr',
    config,
    '-s',
    at.path('search'),
    '--start-lr',
    '0.001',
    '--end-lr',
    '0.1',
    '--num-batches',
    '20',
  ];
  const { status, out, err } = await at.xTrain(args);
  expect({ status, err }).toEqual({ status: 0, err: '' });
  expect(readdirSync(at.path('search')).sort()).toEqual(['lr-losses.svg', 'lr-losses.tsv']);
  expect(readFileSync(at.path('search', 'lr-losses.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\s*$/);
  const points = rows('search');
  expect(points).toHaveLength(21);
  // y = 2 x with y = w x on x = 1 and 2, from w = 0: the loss is 2.5 (w - 2)², a step makes w - 2 smaller by 1 - 5 rate
  let distance = 2;
  for (const [i, [rate, loss]] of points.entries()) {
    expect(rate).toBeCloseTo(10 ** (-3 + i / 10), 9);
    expect(loss).toBeCloseTo(2.5 * distance ** 2, 4);
    distance *= 1 - 5 * rate!;
  }
  expect(out).toContain('Loss over learning rate');
  // the loss falls up to the last rate
  expect(out).toContain('a learning rate to start with: 0.0100');
});

it('stops where it is told to', async () => {
  const args = [
    'find-lr',
    config,
    '-s',
    at.path('stopped'),
    '--linear',
    '--stopping-factor',
    '2',
    '--num-batches',
    '50',
  ];
  expect(await at.xTrain([...args, '--start-lr', '0.3'])).toMatchObject({ status: 0 });
  expect(rows('stopped').length).toBeLessThan(20);
});

it('keeps what is in its folder, and replaces its own files with --force only', async () => {
  await at.write('taken/notes.txt', 'mine');
  const args = ['find-lr', config, '-s', at.path('taken'), '--num-batches', '11'];
  expect(await at.xTrain(args)).toMatchObject({ status: 1, err: expect.stringContaining('X_DIR_NOT_EMPTY') as string });
  expect(await at.xTrain([...args, '--force'])).toMatchObject({ status: 0 });
  expect(readdirSync(at.path('taken')).sort()).toEqual(['lr-losses.svg', 'lr-losses.tsv', 'notes.txt']);
});

it.each([
  ['too few batches', ['--num-batches', '10'], 'must be greater than 10'],
  ['a rate that is no number', ['--start-lr', 'low'], 'startLr'],
])('refuses %s, and writes nothing', async (_, flags, message) => {
  const folder = at.path('refused');
  const { status, err } = await at.xTrain(['find-lr', config, '-s', folder, ...flags]);
  expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining(message) as string });
  expect(readdirSync(at.folder)).not.toContain('refused');
});
