import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { Optimizer } from '../contracts/optimizer.js';
import type { Coefficients, Hyperparameters, RuleInput, RuleOutput } from '../contracts/optimizer.js';
import { ParameterSet } from '../state/parameters.js';
import { learningRatesByName, learningRatesOfGroups } from './learning-rates.js';

class Still extends Optimizer {
  override initialSlots(): Record<string, number> {
    return {};
  }

  override coefficients(): Coefficients {
    return {};
  }

  override update({ parameter }: RuleInput): RuleOutput {
    return { parameter, slots: {} };
  }
}

/** Has a rate of its own: 1 / k. */
class Falling extends Still {
  override learningRate(_options: Hyperparameters, step: number): number {
    return 1 / step;
  }
}

const parameters = (): ParameterSet =>
  ParameterSet.of({ a: tf.variable(tf.scalar(0)), b: tf.variable(tf.scalar(0)), c: tf.variable(tf.scalar(0)) });

it('is the option lr of each group', () => {
  const optimizer = new Still({ lr: 0.1, parameterGroups: [[['a'], { lr: 0.2 }]] }, parameters());
  optimizer.groups[1]!.options['lr'] = 0.05;
  expect(learningRatesOfGroups(optimizer)).toEqual([0.2, 0.05]);
  optimizer.groups[1]!.parameters[0]!.trainable = false;
  expect(learningRatesByName(optimizer)).toEqual({ a: 0.2, b: 0, c: 0.05 });
});

it('is what an optimizer says of its last update, and of the first before there is one', () => {
  const optimizer = new Falling({ parameterGroups: [[['a'], {}], [['nothing'], {}]] }, parameters()); // prettier-ignore
  expect(learningRatesOfGroups(optimizer)).toEqual([1, 1, 1]);
  const gradient = tf.scalar(1);
  for (const names of [['a'], ['a', 'c'], ['a', 'c'], ['a']]) {
    optimizer.step(Object.fromEntries(names.map((name) => [name, gradient])));
  }
  expect(learningRatesOfGroups(optimizer)).toEqual([1 / 4, 1, 1 / 2]);
  expect(learningRatesByName(optimizer)).toEqual({ a: 1 / 4, b: 1 / 2, c: 1 / 2 });
});
