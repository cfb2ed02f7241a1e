import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { tinyRegression, toHost } from '@x/testing';
import {
  component,
  ConfigError,
  GradientDescentTrainer,
  Optimizer,
  ParameterSet,
  Registry,
  StateError,
  withLog,
  withRegistry,
} from '@x/trainer-core';

import { build } from './__fixtures__/fixture.js';
import optim, { AdamW, MultiOptimizer, Muon, ScheduleFreeAdamW, ScheduleFreeAverage, Sgd } from './index.js';

const shapes = { 'first.weight': [3, 2], 'first.bias': [2], 'head.weight': [2, 2], 'head.bias': [2] };

function weights(names: readonly string[] = Object.keys(shapes)): Record<string, tf.Variable> {
  const entries = Object.entries(shapes).filter(([name]) => names.includes(name));
  return tf.tidy(() => Object.fromEntries(entries.map(([name, shape]) => [name, tf.variable(tf.ones(shape))])));
}

/** Steps with the same gradients for the same parameters. */
function step(optimizer: Optimizer, variables: Record<string, tf.Variable>, steps: number): void {
  for (let i = 1; i <= steps; i++) {
    tf.tidy(() =>
      optimizer.step(
        Object.fromEntries(
          Object.entries(variables).map(([name, { shape, size }]) => [
            name,
            tf.reshape(tf.sin(tf.range(i, i + size)), shape),
          ]),
        ),
      ),
    );
  }
}

const config = {
  type: 'multi',
  optimizers: { default: { type: 'sgd', lr: 0.1 }, matrices: { type: 'muon', lr: 0.02 }, head: 'adamw' },
  parameter_groups: [
    [['^first.*weight'], { optimizer_name: 'matrices', weight_decay: 0.2 }],
    [['first.bias'], { lr: 0.5 }],
    [['head'], { optimizer_name: 'head' }],
  ],
};

/** The problems of a config, without building it. */
function problemsOf(changes: object): { path: string; message: string }[] {
  const result = withRegistry(new Registry([optim]), () => component(Optimizer).safeParse({ ...config, ...changes }));
  return result.error?.issues.map(({ path, message }) => ({ path: path.join('.'), message })) ?? [];
}

describe('a config of multi', () => {
  it('does with each group what its optimizer does alone', async () => {
    const all = weights();
    step(build(Optimizer, config, all), all, 3);

    const [matrix, bias, head] = [
      weights(['first.weight']),
      weights(['first.bias']),
      weights(['head.weight', 'head.bias']),
    ];
    step(new Muon({ lr: 0.02, weightDecay: 0.2 }, ParameterSet.of(matrix)), matrix, 3);
    step(new Sgd({ lr: 0.5 }, ParameterSet.of(bias)), bias, 3);
    step(new AdamW({}, ParameterSet.of(head)), head, 3);
    expect(await toHost(all)).toEqual(await toHost({ ...matrix, ...bias, ...head }));
  });

  it('has the groups in their order, with all hyperparameters of their optimizers, and the rest last', () => {
    const { groups } = build(Optimizer, config, weights());
    expect(groups.map(({ parameters }) => parameters.map(({ name }) => name))).toEqual([
      ['first.weight'],
      ['first.bias'],
      ['head.weight', 'head.bias'],
      [],
    ]);
    expect(groups.map(({ options }) => [options['optimizerName'], options['lr'], options['weightDecay']])).toEqual([
      ['matrices', 0.02, 0.2],
      ['default', 0.5, 0],
      ['head', 0.001, 0.01],
      ['default', 0.1, 0],
    ]);
    expect(Object.keys(groups[1]!.options)).not.toContain('betas');
  });

  it('keeps nothing for an optimizer "default" that no parameter is left for', () => {
    const { groups } = build(Optimizer, config, weights(['first.weight', 'head.bias']));
    expect(groups.map(({ parameters }) => parameters.length)).toEqual([1, 0, 1, 0]);
    expect(groups.map(({ options }) => typeof options['lr'])).toEqual(['number', 'number', 'number', 'number']);
  });

  it('tells the learning rate that the optimizer of a group has, and of an empty group', () => {
    const optimizers = { default: { type: 'sgd', lr: 0.1 }, all: 'adafactor' };
    const optimizer = build(
      Optimizer,
      { type: 'multi', optimizers, parameter_groups: [[['first|head'], { optimizer_name: 'all' }]] },
      weights(),
    );
    expect(optimizer.groups.map(({ options }) => optimizer.learningRate(options, 40_000))).toEqual([0.005, 0.005]);
  });

  it('freezes the parameters of a group with requires_grad false, and has no such group', () => {
    const frozen = [['first.bias'], { requires_grad: false }];
    const variables = weights();
    const { groups } = build(
      Optimizer,
      { ...config, parameter_groups: config.parameter_groups.map((group, i) => (i === 1 ? frozen : group)) },
      variables,
    );
    expect(groups.map(({ options }) => options['optimizerName'])).toEqual(['matrices', 'head', 'default']);
    expect(Object.entries(variables).map(([name, { trainable }]) => [name, trainable])).toEqual([
      ['first.weight', true],
      ['first.bias', false],
      ['head.weight', true],
      ['head.bias', true],
    ]);
  });

  it('is refused without an optimizer "default"', () => {
    expect(problemsOf({ optimizers: { matrices: 'muon', head: 'adamw' } })).toEqual([
      { path: 'optimizers', message: expect.stringMatching(/no optimizer was provided for the "default" group/) },
    ]);
  });

  it('is refused with a group of an unknown optimizer, or hyperparameters that its optimizer does not have', () => {
    const groups = [
      [['weight'], { optimizer_name: 'muon' }],
      [['bias'], { optimizer_name: 'head', betas: [0.9, 1] }],
      [['other'], { amsgrad: true }],
    ];
    expect(problemsOf({ parameter_groups: groups })).toEqual([
      {
        path: 'parameterGroups.0.1.optimizerName',
        message: 'there is no optimizer "muon"; the optimizers are default, matrices, head',
      },
      { path: 'parameterGroups.1.1.betas.1', message: expect.stringMatching(/less than|<1/) },
      { path: 'parameterGroups.2.1.amsgrad', message: expect.stringMatching(/unknown key "amsgrad"/) },
    ]);
  });

  it('is refused with groups inside of an optimizer', () => {
    const optimizers = { ...config.optimizers, head: { type: 'adamw', parameterGroups: [[['head'], { lr: 1 }]] } };
    expect(problemsOf({ optimizers })).toEqual([
      { path: 'optimizers.head.parameterGroups', message: expect.stringMatching(/given to "multi" itself/) },
    ]);
  });

  it('is refused where an optimizer gets no parameter', () => {
    const make = (): unknown => build(Optimizer, config, weights(['first.weight', 'first.bias']));
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(/optimizers\.head: the optimizer did not receive any parameters/);
  });

  it('is refused where an optimizer does not take its parameters, with advice', () => {
    const make = (): unknown => build(Optimizer, { type: 'muon' }, weights());
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(/received first.bias \[2\], head.bias \[2\]; use the optimizer "multi"/);
  });
});

describe('in plain code', () => {
  const inTwo = (parameters: ParameterSet): MultiOptimizer =>
    new MultiOptimizer(
      {
        optimizers: { default: (own) => new Sgd({ lr: 0.1 }, own), free: (own) => new ScheduleFreeAdamW({}, own) },
        parameterGroups: [[['weight'], { optimizerName: 'free' }]],
      },
      parameters,
    );

  it('refuses a state that names another optimizer, and is as it was', async () => {
    const variables = weights();
    const optimizer = inTwo(ParameterSet.of(variables));
    step(optimizer, variables, 1);
    const before = await toHost(optimizer.stateDict());
    const text = (_: string, value: unknown): unknown => (value === 'free' ? 'other' : value);
    const state = optimizer.stateDict();
    const renamed = { ...state, groups: JSON.parse(JSON.stringify(state['groups'], text)) as [] };
    expect(() => optimizer.loadStateDict(renamed)).toThrow(StateError);
    expect(() => optimizer.loadStateDict(renamed)).toThrow(/named "other", the optimizers here are default, free/);
    const otherKind = { ...state, optimizers: { default: 'adagrad', free: 'schedule_free_adamw' } };
    expect(() => optimizer.loadStateDict(otherKind)).toThrow(StateError);
    expect(() => optimizer.loadStateDict(otherKind)).toThrow(
      /state of "default" is that of "adagrad", here it is "sgd"/,
    );
    expect(await toHost(optimizer.stateDict())).toEqual(before);
  });

  it('evaluates the average of its schedule-free parameters, and the others as they are', async () => {
    const model = tinyRegression();
    const parameters = ParameterSet.of(model.namedVariables());
    const optimizer = inTwo(parameters);
    const movingAverage = new ScheduleFreeAverage(parameters, optimizer);
    const trainer = new GradientDescentTrainer({
      model,
      optimizer,
      movingAverage,
      dataLoader: model.batches,
      numEpochs: 2,
    });
    await withLog({ info: () => undefined, warn: () => undefined }, () => trainer.train());
    const { weight, bias } = Object.fromEntries(movingAverage.shadows);
    expect(await toHost(weight!)).toEqual(await toHost(optimizer.state.slotsOf(parameters.get('weight')!)['x']!));
    expect(await toHost(weight!)).not.toEqual(await toHost(model.weight));
    expect(await toHost(bias!)).toEqual(await toHost(model.bias));
  });
});
