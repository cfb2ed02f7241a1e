import '@tensorflow/tfjs';
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { HalfAverage, lineBatches, LineModel, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import { EpochCallback } from '../contracts/callbacks.js';
import { Checkpointer } from '../contracts/checkpointer.js';
import { MovingAverage } from '../contracts/moving-average.js';
import { Optimizer } from '../contracts/optimizer.js';
import { Precision } from '../contracts/precision.js';
import { LearningRateScheduler } from '../contracts/scheduler.js';
import { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import { ConfigError, PluginError } from '../errors.js';
import { quietLog, withLog } from '../log.js';
import { LazyPart } from '../plugins/component.js';
import type { PluginLike } from '../plugins/plugin.js';
import { ModelParameters, NumberOfEpochs, StepsPerEpoch } from '../plugins/run-tokens.js';
import { inject } from '../plugins/tokens.js';
import { ParameterSet } from '../state/parameters.js';
import type { StateDict } from '../state/state-dict.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { NoPrecision, NoTensorboard, SingleProcess } from './neutral.js';

const DescentOptions = z.strictObject({ lr: z.number().describe('Step size'), momentum: z.number().default(0) });

@Optimizer.register('descent', DescentOptions)
class Descent extends MomentumDescent {
  constructor(options: z.output<typeof DescentOptions>, @inject(ModelParameters) parameters: ParameterSet) {
    super(options, parameters);
  }
}

@MovingAverage.register('half')
class Half extends HalfAverage {
  constructor(@inject(ModelParameters) parameters: ParameterSet) {
    super(parameters);
  }
}

/** Knows what a schedule needs to know. */
@LearningRateScheduler.register('knowing')
class Knowing extends LearningRateScheduler {
  constructor(
    @inject(Optimizer) readonly optimizer: Optimizer,
    @inject(NumberOfEpochs) readonly numEpochs: number,
    @inject(StepsPerEpoch) readonly stepsPerEpoch: number | null,
  ) {
    super();
  }

  override step(): void {}

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {}
}

@EpochCallback.register('noting')
class Noting extends EpochCallback {
  readonly epochs: number[] = [];

  constructor(@inject(Optimizer) readonly optimizer: Optimizer) {
    super();
  }

  override onEpoch(_: GradientDescentTrainer, { epoch }: { readonly epoch: number }): void {
    this.epochs.push(epoch);
  }
}

const plugins: readonly PluginLike[] = [Descent, Half, Knowing, Noting];

function build(options: Partial<PartialObjects>): GradientDescentTrainer {
  const model = new LineModel();
  return GradientDescentTrainer.fromPartialObjects({
    model,
    dataLoader: lineBatches(5),
    optimizer: { type: 'descent', lr: 0.05 },
    plugins,
    ...options,
  });
}

it('builds configs in order: each part finds those before it and what the run knows', () => {
  const trainer = build({
    numEpochs: 3,
    numGradientAccumulationSteps: 2,
    movingAverage: 'half',
    learningRateScheduler: 'knowing',
    epochCallbacks: [{ type: 'noting' }],
  });
  const scheduler = trainer.learningRateScheduler as Knowing;
  expect(trainer.optimizer).toBeInstanceOf(Descent);
  expect(trainer.learningRates).toEqual([0.05]);
  expect(scheduler.optimizer).toBe(trainer.optimizer);
  expect([scheduler.numEpochs, scheduler.stepsPerEpoch]).toEqual([3, 3]);
  expect([...trainer.movingAverage!.shadows.keys()]).toEqual(['w', 'b']);
});

it('freezes before it builds: neither optimizer nor averages get what is frozen', () => {
  const trainer = build({ noGrad: ['^b$'], movingAverage: 'half' });
  expect(trainer.optimizer.groups.flatMap(({ parameters }) => parameters.map(({ name }) => name))).toEqual(['w']);
  expect([...trainer.movingAverage!.shadows.keys()]).toEqual(['w']);
});

it('warns once of what noGrad asks to freeze and the model does not have', () => {
  const warnings: string[] = [];
  withLog({ ...quietLog, warn: (message) => void warnings.push(message) }, () => build({ noGrad: ['^b$', 'encoder'] }));
  expect(warnings).toEqual(['When freezing parameters by noGrad, encoder does not match any parameter name']);
});

it('takes instances, configs and lazy parts side by side, and trains', async () => {
  const callback = new Noting(null as unknown as Optimizer);
  const trainer = build({
    numEpochs: 1,
    optimizer: new LazyPart((run) => new MomentumDescent({ lr: 0.05 }, run.get(ModelParameters))),
    movingAverage: 'half',
    epochCallbacks: [callback, 'noting'],
  });
  const metrics = await trainer.train();
  expect(callback.epochs).toEqual([-1, 0]);
  expect(metrics['training_loss']).toBeGreaterThan(0);
});

it('gives the same trainer as its constructor with built parts', async () => {
  const built = new LineModel();
  const parameters = ParameterSet.of(built.namedVariables());
  const optimizer = new MomentumDescent({ lr: 0.05, momentum: 0.5 }, parameters);
  const dataLoader = lineBatches(5);
  const expected = await new GradientDescentTrainer({ model: built, optimizer, dataLoader, numEpochs: 2 }).train();
  const made = build({ optimizer: { type: 'descent', lr: 0.05, momentum: 0.5 }, dataLoader, numEpochs: 2 });
  const metrics = await made.train();
  expect(metrics['training_loss']).toBe(expected['training_loss']);
});

it.each<[string, Partial<PartialObjects>, string, RegExp]>([
  ['a name that no plugin provides', { optimizer: 'descend' }, 'X_CONFIG_UNKNOWN_NAME', /did you mean "descent"/],
  ['an unknown option of a part', { optimizer: { type: 'descent', lr: 1, beta: 2 } }, 'X_CONFIG_UNKNOWN_KEY', /beta/],
  ['a wrong option of a part', { optimizer: { type: 'descent', lr: 'x' } }, 'X_CONFIG_WRONG_TYPE', /optimizer\.lr/],
  ['several mistakes', { patience: 0, optimizer: { type: 'descent' } }, 'X_CONFIG', /optimizer\.lr[^]*patience/],
])('%s is refused before anything is built', (_, options, code, message) => {
  const model = new LineModel();
  const before = tf.memory().numTensors;
  const refused = (): unknown =>
    GradientDescentTrainer.fromPartialObjects({ model, dataLoader: [], movingAverage: 'half', plugins, ...options });
  expect(refused).toThrow(ConfigError);
  expect(refused).toThrow(expect.objectContaining({ code }) as Error);
  expect(refused).toThrow(message);
  expect(tf.memory().numTensors).toBe(before);
});

describe('a part that is left out', () => {
  @Optimizer.register('adam', z.strictObject({ lr: z.number().default(0.001), momentum: z.number().default(0) }))
  class FakeAdam extends Descent {}

  @Checkpointer.register('default')
  class Kept extends MemoryCheckpointer {}

  @TensorboardWriter.register('default')
  class Board extends NoTensorboard {}

  @Precision.register('O1')
  class Half16 extends NoPrecision {}

  const make = (
    options: Partial<PartialObjects>,
    extra: readonly PluginLike[] = [Kept, Board, Half16],
  ): GradientDescentTrainer =>
    GradientDescentTrainer.fromPartialObjects({
      model: new LineModel(),
      dataLoader: [],
      plugins: [FakeAdam, ...extra],
      ...options,
    });

  it('is the default of its kind: optimizer always, checkpointer and logs where there is a folder', () => {
    const without = make({});
    expect(without.optimizer).toBeInstanceOf(FakeAdam);
    expect(without.learningRates).toEqual([0.001]);
    expect(without.checkpointer).toBeNull();
    expect(without.tensorboard).not.toBeInstanceOf(Board);
    const withFolder = make({ serializationDir: 'somewhere' });
    expect(withFolder.checkpointer).toBeInstanceOf(Kept);
    expect(withFolder.tensorboard).toBeInstanceOf(Board);
    expect(existsSync('somewhere')).toBe(false);
  });

  it('is off where it is null', () => {
    const trainer = make({ serializationDir: 'somewhere', checkpointer: null, tensorboardWriter: null });
    expect(trainer.checkpointer).toBeNull();
    expect(trainer.tensorboard).not.toBeInstanceOf(Board);
  });

  it('is told to the user where no plugin provides it: never is silently nothing saved', () => {
    expect(() => make({ serializationDir: 'somewhere' }, [])).toThrow(/npm install @x\/checkpoint/);
    const messages: string[] = [];
    withLog({ ...quietLog, info: (message) => void messages.push(message) }, () =>
      make({ serializationDir: 'somewhere' }, [Kept]),
    );
    expect(messages).toEqual([
      expect.stringContaining('list @x/callbacks-tensorboard in "plugins"'),
      'Number of trainable parameters: 3',
    ]);
  });

  it('an opt level is the precision of that name', () => {
    expect(() => make({ optLevel: 'O1' })).not.toThrow();
    expect(() => make({ optLevel: 'O2' })).toThrow(/precision "O2".*@x\/amp/);
  });

  it('a distributed run needs a communicator', () => {
    const workers = { distributed: true, worldSize: 2 };
    expect(() => make(workers)).toThrow(/@x\/distributed/);
    expect(make({ ...workers, communicator: new SingleProcess() }).distributed).toBe(true);
  });
});

it('without an optimizer, and without a plugin of the default one, it says what to install', () => {
  expect(() => GradientDescentTrainer.fromPartialObjects({ model: new LineModel(), dataLoader: [] })).toThrow(
    /npm install @x\/optim/,
  );
});

it('something that is no plugin is refused', () => {
  const options = { model: new LineModel(), dataLoader: [], plugins: [42 as unknown as PluginLike] };
  expect(() => GradientDescentTrainer.fromPartialObjects(options)).toThrow(PluginError);
});
