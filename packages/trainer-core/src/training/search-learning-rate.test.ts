import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { searchLearningRate, smoothed, suggestLearningRate } from './search-learning-rate.js';

/** loss = scale w², so that a step with rate r makes (1 - 2 r scale) w of w. */
class Parabola {
  readonly w = tf.tidy(() => tf.variable(tf.scalar(2)));

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w };
  }

  forward({ scale }: Batch): Outputs {
    return { loss: tf.mul(tf.square(this.w), scale as tf.Tensor) };
  }
}

let trainer: GradientDescentTrainer;
let batches: Batch[] = [];
let tensors: number;

function makeTrainer(scales: readonly number[], options: object = {}): GradientDescentTrainer {
  const model = new Parabola();
  const optimizer = new MomentumDescent({ lr: 7 }, ParameterSet.of(model.namedVariables()));
  batches = scales.map((scale) => ({ scale: tf.scalar(scale) }));
  return new GradientDescentTrainer({ model, optimizer, dataLoader: batches, ...options });
}

const weight = (): number => trainer.model.namedVariables()['w']!.dataSync()[0]!;

beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  trainer.optimizer.dispose();
  tf.dispose([trainer.model.namedVariables(), batches] as unknown as tf.TensorContainer);
  expect(tf.memory().numTensors).toBe(tensors);
});

test('trains with a rate that grows by a factor, and records the loss before every step', async () => {
  trainer = makeTrainer([1]);
  const { learningRates, losses } = await searchLearningRate(trainer, { startLr: 0.001, endLr: 0.1, numBatches: 20 });
  let w = 2;
  expect(learningRates).toHaveLength(21);
  for (const [i, rate] of learningRates.entries()) {
    expect(rate).toBeCloseTo(10 ** (-3 + i / 10), 12);
    expect(losses[i]).toBeCloseTo(w ** 2, 4);
    w *= 1 - 2 * rate;
  }
  expect(weight()).toBeCloseTo(w, 4);
});

test('goes through the data as often as needed, with a rate that grows by a summand', async () => {
  trainer = makeTrainer([1, 3]);
  const { learningRates, losses } = await searchLearningRate(trainer, {
    startLr: 0.01,
    endLr: 0.12,
    numBatches: 11,
    linearSteps: true,
  });
  let w = 2;
  for (const [i, rate] of learningRates.entries()) {
    const scale = i % 2 === 0 ? 1 : 3;
    expect(rate).toBeCloseTo(0.01 * (i + 1), 12);
    expect(losses[i]).toBeCloseTo(scale * w ** 2, 4);
    w *= 1 - 2 * rate * scale;
  }
});

test('rescales gradients to gradNorm, and does not clamp their elements', async () => {
  trainer = makeTrainer([1], { gradNorm: 0.5, gradClipping: 0.001 });
  await searchLearningRate(trainer, { startLr: 0.1, endLr: 0.1 + 1e-9, numBatches: 11, linearSteps: true });
  // the gradient 2 w is above 0.5 in all twelve steps
  expect(weight()).toBeCloseTo(2 - 12 * 0.1 * 0.5, 4);
});

test('stops where the loss is more than stoppingFactor times the lowest one, before that step', async () => {
  const scales = [...Array.from({ length: 13 }, () => 1), 5];
  trainer = makeTrainer(scales);
  const options = { startLr: 1e-6, endLr: 2e-6, numBatches: 50 };
  expect((await searchLearningRate(trainer, { ...options, stoppingFactor: 4 })).losses).toHaveLength(13);
});

test('lets the first losses be as high as they are', async () => {
  trainer = makeTrainer([1, 50, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const { losses } = await searchLearningRate(trainer, {
    startLr: 1e-6,
    endLr: 2e-6,
    numBatches: 12,
    stoppingFactor: 4,
  });
  expect(losses).toHaveLength(13);
});

test('ends with NaN for the rates that are left, or with stoppingFactor at the first NaN', async () => {
  trainer = makeTrainer([1, 1, Number.NaN]);
  const { losses, learningRates } = await searchLearningRate(trainer, { numBatches: 11 });
  expect(losses.map(Number.isNaN)).toEqual([false, false, ...Array.from({ length: 10 }, () => true)]);
  expect(learningRates).toHaveLength(12);
  expect((await searchLearningRate(trainer, { numBatches: 11, stoppingFactor: 2 })).losses).toHaveLength(2);
});

test.each([
  ['too few batches', { numBatches: 10 }, 'must be greater than 10'],
  ['an unknown option', { batches: 10 }, 'batches'],
])('refuses %s', async (_, options, message) => {
  trainer = makeTrainer([1]);
  await expect(searchLearningRate(trainer, options as object)).rejects.toThrow(message);
});

test('refuses a loader without a batch', async () => {
  trainer = makeTrainer([]);
  await expect(searchLearningRate(trainer)).rejects.toMatchObject({ code: 'X_DATA_EMPTY' });
});

test('smoothing weighs all losses so far, the last one most', () => {
  // (0.5 · 1 + 1 · 3) / 1.5 and (0.25 · 1 + 0.5 · 3 + 1 · 5) / 1.75
  expect(smoothed([1, 3, Number.NaN, 5], 0.5)).toEqual([1, 3.5 / 1.5, Number.NaN, 6.75 / 1.75].map(close));
});

test('the suggestion is a tenth of the rate with the lowest smoothed loss', () => {
  const learningRates = [1e-4, 1e-3, 1e-2, 1e-1, 1];
  expect(suggestLearningRate({ learningRates, losses: [4, 4, 1, 0.9, 90] })).toBeCloseTo(1e-2, 9);
  expect(suggestLearningRate({ learningRates, losses: [4, 4, 1, Number.NaN, Number.NaN] })).toBeCloseTo(1e-3, 9);
});

test.each([
  ['that only grow', [1, 2, 3, 4, 5]],
  ['that are NaN from the start', [Number.NaN, Number.NaN]],
  ['that there are not', []],
])('there is none for losses %s', (_, losses) => {
  expect(suggestLearningRate({ learningRates: [1, 2, 3, 4, 5], losses })).toBeNull();
});

function close(value: number): unknown {
  return Number.isNaN(value) ? value : expect.closeTo(value, 9);
}
