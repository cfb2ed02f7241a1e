import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { Adadelta, Adagrad, Adam, Adamax, ExponentialMovingAverage, RmsProp, Sgd } from '@x/optim';
import { EagerEngine } from '@x/trainer-core';
import type { Engine, Optimizer, ParameterSet } from '@x/trainer-core';
import { modelZoo, trainSteps } from '@x/testing/zoo';
import type { TrainedSteps, ZooEntry } from '@x/testing/zoo';

import { OnnxEngine } from './onnx-engine.js';

/** The steps after which weights are compared; only with sgd the larger models go on to the last. */
const READ_AFTER = [1, 5, 20];
const FEWER = [1, 5];

/** Largest relative difference of a loss. Rounding alone: single steps differ by 1e-7. */
const LOSS = 3.5e-5;

/** Largest difference within a tensor, relative to its largest element. */
const WEIGHTS = 1e-5;

interface Rule {
  readonly make: (parameters: ParameterSet) => Optimizer;
  /**
   * How far an element without a true gradient can be moved in a step: optimizers that divide by the size of a gradient make
   * a step of full length of what is rounding alone, in one direction on one engine and in the other on the other.
   */
  readonly stray: number;
  /** The factor on {@link WEIGHTS} where single elements have gradients as small as the rule's `eps`. Default 1. */
  readonly amplification?: number;
}

const ROUNDING = 1e-7;

const rules: Readonly<Record<string, Rule>> = {
  sgd: { make: (parameters) => new Sgd({ lr: 0.01 }, parameters), stray: ROUNDING },
  adam: { make: (parameters) => new Adam({ lr: 0.003 }, parameters), stray: 2 * 0.003, amplification: 10 },
  momentum: { make: (parameters) => new Sgd({ lr: 0.01, momentum: 0.9 }, parameters), stray: ROUNDING },
  nesterov: { make: (parameters) => new Sgd({ lr: 0.01, momentum: 0.9, nesterov: true }, parameters), stray: ROUNDING },
  adamax: { make: (parameters) => new Adamax({ lr: 0.003 }, parameters), stray: 2 * 0.003 },
  adagrad: { make: (parameters) => new Adagrad({ lr: 0.01 }, parameters), stray: 2 * 0.01 },
  adadelta: { make: (parameters) => new Adadelta({ lr: 0.5 }, parameters), stray: 2 * 0.5 },
  rmsprop: { make: (parameters) => new RmsProp({ lr: 0.002, alpha: 0.9 }, parameters), stray: 7 * 0.002 },
  centered: {
    make: (parameters) => new RmsProp({ lr: 0.002, alpha: 0.9, centered: true, eps: 1e-3 }, parameters),
    stray: 7 * 0.002,
  },
};

const ON_EVERY_MODEL: [string, readonly number[]][] = [
  ['sgd', READ_AFTER],
  ['adam', FEWER],
];

/** Models that are fast op by op: an update does not know what its gradients come from. */
const SMALL = ['perceptron', 'compiledClassifier', 'clippedAndAveraged', 'embeddingBag', 'deepQ', 'adversarial'];

const byName = (entries: readonly ZooEntry[]): [string, ZooEntry][] => entries.map((entry) => [entry.name, entry]);

jest.setTimeout(60_000);

beforeAll(async () => {
  tf.enableProdMode();
  await tf.setBackend('cpu');
});

describe.each(byName(modelZoo))('%s', (_, entry) => {
  it.each(ON_EVERY_MODEL)('trains as op by op, with %s', (rule, readAfter) =>
    expectSameTraining(entry, rules[rule]!, readAfter),
  );
});

describe.each(byName(modelZoo.filter(({ name }) => SMALL.includes(name))))('%s', (_, entry) => {
  const others = Object.keys(rules).filter((rule) => rule !== 'sgd');
  it.each(others)('trains as op by op, with %s', (rule) => expectSameTraining(entry, rules[rule]!, READ_AFTER));
});

async function expectSameTraining(entry: ZooEntry, rule: Rule, readAfter: readonly number[]): Promise<void> {
  const tensors = tf.memory().numTensors;
  const expected = await train(new EagerEngine(), entry, rule, readAfter);
  const received = await train(new OnnxEngine({ threads: 1, onFailure: 'error' }), entry, rule, readAfter);
  expect(tf.memory().numTensors).toBe(tensors);
  expect(differences(entry, rule, received, expected)).toEqual([]);
}

function train(engine: Engine, entry: ZooEntry, { make }: Rule, readAfter: readonly number[]): Promise<TrainedSteps> {
  const movingAverage = (parameters: ParameterSet): ExponentialMovingAverage =>
    new ExponentialMovingAverage({}, parameters);
  return trainSteps(engine, entry, { optimizer: make, movingAverage, steps: Math.max(...readAfter), readAfter });
}

/** What is too far off, in words. */
function differences(
  { withoutGradient = [] }: ZooEntry,
  { stray, amplification = 1 }: Rule,
  received: TrainedSteps,
  expected: TrainedSteps,
): string[] {
  const losses = expected.losses.flatMap((loss, i) => {
    const difference = Math.abs(received.losses[i]! - loss) / Math.abs(loss);
    return difference <= LOSS ? [] : [`loss of step ${i + 1}: ${difference}`];
  });
  const weights = [...expected.weights].flatMap(([step, tensors]) =>
    Object.entries(tensors).flatMap(([name, values]) => {
      const others = received.weights.get(step)![name]!;
      const difference = largest(values.map((value, i) => value - others[i]!));
      const bound = WEIGHTS * amplification * largest(values) + (withoutGradient.includes(name) ? step * stray : 0);
      return difference <= bound ? [] : [`${name} after step ${step}: ${difference}, more than ${bound}`];
    }),
  );
  return [...losses, ...weights];
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}
