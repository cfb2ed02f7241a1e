import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Metric, Outputs } from '@x/trainer-core';
import { RandomStreams } from '@x/trainer-core';

import { BooleanAccuracy, CategoricalAccuracy, F1, MeanAbsoluteError, MeanLoss } from './index.js';

const [ROWS, CLASSES] = [24, 3];
const stream = new RandomStreams(1).stream('metrics');
const scores = stream.at('scores').uniforms(ROWS * CLASSES);
const labels = Int32Array.from(stream.at('labels').uniforms(ROWS), (u) => Math.floor(u * CLASSES));

/** What a model gives for examples `from` to `to`. */
function part(from: number, to: number): { outputs: Outputs; batch: Batch } {
  const rows = scores.slice(from * CLASSES, to * CLASSES);
  return {
    outputs: {
      logits: tf.tensor2d(rows, [to - from, CLASSES]),
      predictions: tf.tensor1d(rows.slice(0, to - from)),
      loss: tf.scalar(from + 0.5),
    },
    batch: { labels: tf.tensor1d(labels.slice(from, to), 'int32') },
  };
}

async function see(metric: Metric, from: number, to: number): Promise<void> {
  const { outputs, batch } = part(from, to);
  await metric.update(outputs, batch);
  tf.dispose([outputs, batch['labels'] as tf.Tensor]);
}

function added(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.keys(a).map((key) => [key, a[key]! + b[key]!]));
}

describe.each<[string, () => Metric]>([
  ['MeanLoss', () => new MeanLoss()],
  ['CategoricalAccuracy', () => new CategoricalAccuracy()],
  ['CategoricalAccuracy, top 2', () => new CategoricalAccuracy({ topK: 2 })],
  ['BooleanAccuracy', () => new BooleanAccuracy({ predictions: 'predictions' })],
  ['F1 of a class', () => new F1({ positiveLabel: 1 })],
  ['F1, macro', () => new F1({ average: 'macro' })],
  ['F1, micro', () => new F1({ average: 'micro' })],
  ['MeanAbsoluteError', () => new MeanAbsoluteError()],
])('%s', (_name, make) => {
  afterEach(() => {
    expect(tf.memory().numTensors).toBe(0);
  });

  test("two workers' sums add up to those of one that saw all", async () => {
    const [one, other, both] = [make(), make(), make()];
    await see(one, 0, 10);
    await see(other, 10, ROWS);
    await see(both, 0, 10);
    await see(both, 10, ROWS);
    const sums = added(one.sums(), other.sums());
    for (const [key, sum] of Object.entries(both.sums())) expect(sums[key]).toBeCloseTo(sum, 9);
    expect(Object.keys(sums)).toEqual(Object.keys(both.sums()));
    for (const [key, value] of Object.entries(both.compute(both.sums()))) {
      expect(both.compute(sums)[key]).toBeCloseTo(value, 9);
      expect(value).toBeGreaterThan(0);
    }
  });

  test('goes on from saved sums', async () => {
    const [whole, first, second] = [make(), make(), make()];
    await see(whole, 0, 10);
    await see(first, 0, 10);
    second.load(JSON.parse(JSON.stringify(first.sums())) as Record<string, number>);
    await see(whole, 10, ROWS);
    await see(second, 10, ROWS);
    expect(second.sums()).toEqual(whole.sums());
  });

  test('is 0 before the first example and after a reset', async () => {
    const metric = make();
    const zeros = (): number[] => Object.values(metric.compute(metric.sums()));
    expect(zeros()).toEqual(zeros().map(() => 0));
    await see(metric, 0, ROWS);
    expect(zeros()).not.toEqual(zeros().map(() => 0));
    metric.reset();
    expect(zeros()).toEqual(zeros().map(() => 0));
  });

  test('says which keys there are where the one it needs is missing', async () => {
    const wrong = { scores: tf.tensor2d([[1, 2]]) };
    await expect(async () => make().update(wrong, {})).rejects.toMatchObject({
      name: 'MetricError',
      code: 'X_METRIC_UNKNOWN',
      message: expect.stringMatching(/needs "\w+" in the outputs of the model, which has scores;/),
    });
    tf.dispose(wrong);
  });
});
