import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, ParameterSet } from '@x/trainer-core';

import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  AveragedSgd,
  ExponentialMovingAverage,
  HuggingfaceAdamW,
  NAdam,
  RmsProp,
  Rprop,
  Sgd,
  SparseAdam,
} from './index.js';

const parameters = ParameterSet.of({ 'a.weight': tf.variable(tf.zeros([2])), 'a.bias': tf.variable(tf.zeros([2])) });

function problemsOf(make: () => unknown): { path: string; message: string }[] {
  try {
    make();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => ({ path, message }));
    throw error;
  }
  return [];
}

describe('options out of range are refused with their path', () => {
  it.each<[string, () => unknown, string]>([
    ['a negative learning rate', () => new Sgd({ lr: -1 }, parameters), 'lr'],
    ['no learning rate', () => new Sgd({} as { lr: number }, parameters), 'lr'],
    ['a learning rate that is text', () => new Adam({ lr: '0.1' as never }, parameters), 'lr'],
    ['an infinite learning rate', () => new Adam({ lr: Number.POSITIVE_INFINITY }, parameters), 'lr'],
    ['a beta of 1', () => new Adam({ betas: [0.9, 1] }, parameters), 'betas.1'],
    ['a negative epsilon', () => new AdamW({ eps: -1e-8 }, parameters), 'eps'],
    ['a negative weight decay', () => new AdamW({ weightDecay: -0.1 }, parameters), 'weightDecay'],
    ['nesterov without momentum', () => new Sgd({ lr: 1, nesterov: true }, parameters), 'nesterov'],
    [
      'nesterov with dampening',
      () => new Sgd({ lr: 1, momentum: 0.9, dampening: 0.1, nesterov: true }, parameters),
      'nesterov',
    ],
    [
      'nesterov in a group without momentum',
      () => new Sgd({ lr: 1, parameterGroups: [[['bias'], { nesterov: true }]] }, parameters),
      'parameterGroups.0.1.nesterov',
    ],
    [
      'a group that takes the momentum away from nesterov',
      () =>
        new Sgd({ lr: 1, momentum: 0.9, nesterov: true, parameterGroups: [[['bias'], { momentum: 0 }]] }, parameters),
      'parameterGroups.0.1.nesterov',
    ],
    [
      'a group with a rate that is no number',
      () => new Sgd({ lr: 1, parameterGroups: [[['bias'], { lr: Number.NaN }]] }, parameters),
      'parameterGroups.0.1.lr',
    ],
    [
      'a negative accumulator',
      () => new Adagrad({ initialAccumulatorValue: -1 }, parameters),
      'initialAccumulatorValue',
    ],
    ['a negative decay of the rate', () => new Adagrad({ lrDecay: -1 }, parameters), 'lrDecay'],
    ['a rho above 1', () => new Adadelta({ rho: 1.5 }, parameters), 'rho'],
    ['a negative alpha', () => new RmsProp({ alpha: -0.5 }, parameters), 'alpha'],
    ['a beta of 1 in adamax', () => new Adamax({ betas: [1, 0.9] }, parameters), 'betas.0'],
    ['a negative decay of the momentum', () => new NAdam({ momentumDecay: -1 }, parameters), 'momentumDecay'],
    ['a start that is not finite', () => new AveragedSgd({ t0: Number.POSITIVE_INFINITY }, parameters), 't0'],
    ['an epsilon of 0 in sparse_adam', () => new SparseAdam({ eps: 0 }, parameters), 'eps'],
    ['a growing factor below 1', () => new Rprop({ etas: [0.5, 0.9] }, parameters), 'etas.1'],
    ['step sizes that are the wrong way round', () => new Rprop({ stepSizes: [1, 0.5] }, parameters), 'stepSizes'],
    ['a negative epsilon in huggingface_adamw', () => new HuggingfaceAdamW({ eps: -1 }, parameters), 'eps'],
    [
      'an average with a denominator of 0',
      () => new ExponentialMovingAverage({ denominator: 0 }, parameters),
      'denominator',
    ],
    [
      'an average with a negative numerator',
      () => new ExponentialMovingAverage({ numerator: -1 }, parameters),
      'numerator',
    ],
    ['a misspelt key', () => new Sgd({ lr: 1, momentun: 0.9 } as never, parameters), 'momentun'],
    [
      'a misspelt key of a group',
      () => new Sgd({ lr: 1, parameterGroups: [[['bias'], { learningRate: 1 }]] }, parameters),
      'parameterGroups.0.1.learningRate',
    ],
    [
      'a pattern that is no regular expression',
      () => new Sgd({ lr: 1, parameterGroups: [[['('], {}]] }, parameters),
      'parameterGroups.0.0.0',
    ],
  ])('%s', (_, make, path) => {
    expect(problemsOf(make).map((problem) => problem.path)).toEqual([path]);
  });

  it('names the option that was probably meant', () => {
    expect(problemsOf(() => new Sgd({ lr: 1, momentun: 0.9 } as never, parameters))[0]!.message).toContain(
      'did you mean "momentum"',
    );
  });

  it('names a parameter that two groups claim', () => {
    const groups = [
      [['weight'], { lr: 1 }],
      [['^a'], { lr: 2 }],
    ] as [string[], Record<string, unknown>][];
    expect(problemsOf(() => new Sgd({ lr: 1, parameterGroups: groups }, parameters))[0]!.message).toContain(
      'a.weight was specified in two separate parameter groups',
    );
  });
});

describe('parameter groups', () => {
  it('override what they name and inherit the rest', () => {
    const optimizer = new AdamW({ lr: 0.1, parameterGroups: [[['bias$'], { weightDecay: 0 }]] }, parameters);
    expect(optimizer.groups.map(({ options }) => [options['lr'], options['weightDecay']])).toEqual([
      [0.1, 0],
      [0.1, 0.01],
    ]);
  });
});

it('an override that is undefined is left to the optimizer', () => {
  const optimizer = new Sgd({ lr: 0.1, parameterGroups: [[['bias$'], { lr: undefined }]] }, parameters);
  expect(optimizer.groups.map(({ options }) => options['lr'])).toEqual([0.1, 0.1]);
});

describe("the defaults of Hugging Face's AdamW", () => {
  it.each([
    [null, { lr: 1e-3, eps: 1e-6, correctBias: false }],
    ['allennlp-1', { lr: 1e-3, eps: 1e-6, correctBias: false }],
    ['allennlp-2', { lr: 1e-5, eps: 1e-8, correctBias: true }],
  ] as const)('are those of the compatibility preset %p', (compatibility, expected) => {
    const { groups } = new HuggingfaceAdamW({}, parameters, compatibility);
    expect(groups[0]!.options).toEqual({ ...expected, betas: [0.9, 0.999], weightDecay: 0 });
  });

  it('give way to what is asked for, and not to undefined', () => {
    const { groups } = new HuggingfaceAdamW({ lr: 1, eps: undefined }, parameters, 'allennlp-2');
    expect(groups[0]!.options).toMatchObject({ lr: 1, eps: 1e-8 });
  });
});

describe('momentum that is switched on in mid-training', () => {
  it('starts from a buffer of zeros', () => {
    const weights = { w: tf.variable(tf.zeros([1])) };
    const optimizer = new Sgd({ lr: 1 }, ParameterSet.of(weights));
    const gradient = { w: tf.tensor1d([1]) };
    optimizer.step(gradient);
    optimizer.groups[0]!.options['momentum'] = 0.5;
    optimizer.step(gradient);
    optimizer.step(gradient);
    // -1, then v = 1, then v = 0.5 * 1 + 1
    expect(weights.w.dataSync()[0]).toBeCloseTo(-3.5, 6);
  });
});

describe('momentum that is switched off in mid-training', () => {
  it('keeps the velocity and goes on without it', () => {
    const weights = { w: tf.variable(tf.zeros([1])) };
    const optimizer = new Sgd({ lr: 1, momentum: 0.5 }, ParameterSet.of(weights));
    const gradient = { w: tf.tensor1d([1]) };
    optimizer.step(gradient);
    optimizer.groups[0]!.options['momentum'] = 0;
    optimizer.step(gradient);
    expect(weights.w.dataSync()[0]).toBe(-2);
  });
});

it('refused options of an average leave no tensor behind', () => {
  const before = tf.memory().numTensors;
  expect(() => new ExponentialMovingAverage({ decay: 2 }, parameters)).toThrow(ConfigError);
  expect(tf.memory().numTensors).toBe(before);
});
