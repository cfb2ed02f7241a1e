import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { LineModel, lineBatches, MemoryCheckpointer, MomentumDescent, weightsOf } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { DataLoader, Resumability } from '../contracts/data-loader.js';
import { DataError, MetricError, ModelError, NonFiniteError } from '../errors.js';
import type { TrainerError } from '../errors.js';
import { quietLog, withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import { BatchList } from './batch-list.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

/** A line model whose outputs are changed. */
class Changed extends LineModel {
  constructor(private readonly change: (outputs: Outputs, call: number) => Outputs) {
    super();
  }

  private calls = 0;

  override forward(batch: Batch, mode: { training: boolean }): Outputs {
    this.calls += 1;
    return this.change(super.forward(batch, mode), this.calls);
  }
}

const batches = lineBatches(4);

interface Row {
  readonly model?: () => LineModel;
  readonly options?: Omit<PartialObjects, 'model' | 'optimizer' | 'dataLoader'> & {
    readonly dataLoader?: Batch[] | DataLoader;
  };
  readonly type?: new (...args: never[]) => Error;
  /** Of our own errors. */
  readonly code?: string;
  readonly text?: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'a NaN loss': {
    model: () =>
      new Changed((outputs, call) => (call < 3 ? outputs : { ...outputs, loss: tf.mul(outputs['loss']!, Number.NaN) })),
    type: NonFiniteError,
    code: 'X_NAN_LOSS',
    text: /NaN in step 3; nothing of this step was applied/,
  },
  'a model without a loss': {
    model: () => new Changed(({ prediction }) => ({ prediction: prediction! })),
    type: ModelError,
    code: 'X_MODEL_NO_LOSS',
    text: /it returned prediction/,
  },
  'a loss that is no scalar': {
    model: () => new Changed((outputs) => ({ ...outputs, loss: tf.ones([2]) })),
    type: ModelError,
    code: 'X_MODEL_LOSS_NOT_SCALAR',
    text: /shape \[2\]/,
  },
  'a loss that depends on no parameter': {
    model: () => new Changed((outputs) => ({ ...outputs, loss: tf.scalar(1) })),
    type: ModelError,
    code: 'X_MODEL_NOTHING_TO_TRAIN',
    text: /does not depend on any trainable parameter/,
  },
  'an error of the model itself': {
    model: () =>
      new Changed(() => {
        throw new RangeError('from forward');
      }),
    type: ModelError,
    code: 'X_MODEL_INVALID',
    text: /forward\(\) failed: from forward; the batch has /,
  },
  'a model that is frozen': {
    options: { noGrad: ['.'] },
    type: ModelError,
    code: 'X_MODEL_NOTHING_TO_TRAIN',
    text: /every one is frozen/,
  },
  'no training data': { options: { dataLoader: [] }, type: DataError, code: 'X_DATA_EMPTY', text: /no training batch/ },
  'no validation data': {
    options: { validationDataLoader: [] },
    type: DataError,
    code: 'X_DATA_EMPTY',
    text: /no batch to evaluate/,
  },
  'a metric that the model does not produce': {
    options: { validationMetric: '+f1' },
    type: MetricError,
    code: 'X_METRIC_UNKNOWN',
    text: /"f1" is not produced by the model; available are error, loss, reg_loss/,
  },
};

function start({ model: make = () => new LineModel(), options = {} }: Row): {
  model: LineModel;
  trainer: GradientDescentTrainer;
} {
  const model = make();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches,
    validationDataLoader: batches,
    numEpochs: 1,
    ...options,
  });
  return { model, trainer };
}

it.each(Object.entries(rows))('%s is one clear error, and no tensor is left', async (_, row) => {
  const before = tf.memory().numTensors;
  const { model, trainer } = start(row);
  const error = await trainer.train().catch((caught: unknown) => caught as TrainerError);
  expect(error).toBeInstanceOf(row.type);
  expect((error as TrainerError).code).toBe(row.code);
  expect((error as TrainerError).message).toMatch(row.text!);
  trainer.optimizer.dispose();
  model.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

it('applies nothing of the step whose loss is NaN', async () => {
  const { model, trainer } = start(rows['a NaN loss']!);
  const good = start({ options: { dataLoader: batches.slice(0, 2) } });
  await good.trainer.train();
  await expect(trainer.train()).rejects.toMatchObject({ code: 'X_NAN_LOSS' });
  expect(weightsOf(model)).toEqual(weightsOf(good.model));
  expect(trainer.batchNumTotal).toBe(2);
});

it('a validation metric that is NaN is no error, and never the best', async () => {
  const epochLosses = [Number.NaN, 3, Number.NaN, 2];
  class Scripted extends LineModel {
    private epoch = 0;

    override forward(batch: Batch, mode: { training: boolean }): Outputs {
      const outputs = super.forward(batch, mode);
      return mode.training ? outputs : { ...outputs, loss: tf.scalar(epochLosses[this.epoch++]!) };
    }
  }
  const checkpointer = new MemoryCheckpointer();
  const { trainer } = start({
    model: () => new Scripted(),
    options: { numEpochs: 4, validationDataLoader: batches.slice(0, 1), checkpointer },
  });
  expect(await trainer.train()).toMatchObject({ best_epoch: 3, best_validation_loss: 2 });
  expect(checkpointer.positions.map(({ isBestSoFar }) => isBestSoFar)).toEqual([false, true, false, true]);
});

it('no epoch, and so no best weights, is said where a checkpointer should have them', async () => {
  const { trainer } = start({ options: { numEpochs: 0, checkpointer: new MemoryCheckpointer() } });
  await expect(trainer.train()).rejects.toMatchObject({
    code: 'X_CHECKPOINT',
    message: expect.stringContaining('is numEpochs 0?') as string,
  });
  expect(await start({ options: { numEpochs: 0 } }).trainer.train()).toEqual({ best_epoch: null });
});

it('data that come once are a warning where a run may be resumed, and only there', async () => {
  class Once extends BatchList {
    override readonly resumability: Resumability = 'once';
  }
  const warned = async (checkpointer: MemoryCheckpointer | null): Promise<string[]> => {
    const warnings: string[] = [];
    const { trainer } = start({ options: { dataLoader: new Once(batches), checkpointer } });
    await withLog({ ...quietLog, warn: (message) => void warnings.push(message) }, () => trainer.train());
    return warnings;
  };
  expect(await warned(new MemoryCheckpointer())).toEqual([expect.stringContaining('yields its data once')]);
  expect(await warned(null)).toEqual([]);
});

class Homeless extends MemoryCheckpointer {
  override get hasPlace(): boolean {
    return false;
  }
}

describe('options that do not fit are refused before anything starts', () => {
  it.each<[string, object, string]>([
    ['patience 0', { patience: 0 }, 'X_CONFIG_INVALID'],
    ['gradClipping below 0', { gradClipping: -0.1 }, 'X_CONFIG_INVALID'],
    ['a patience that is no whole number', { patience: 1.5 }, 'X_CONFIG_WRONG_TYPE'],
    ['a metric without a sign', { validationMetric: 'loss' }, 'X_CONFIG_INVALID'],
    ['an unknown option', { learningRate: 1 }, 'X_CONFIG_UNKNOWN_KEY'],
    ['a device', { cudaDevice: 0 }, 'X_DEVICE'],
    ['several devices', { cudaDevice: [0, 1] }, 'X_CONFIG_WRONG_TYPE'],
    ['one worker of one', { distributed: true }, 'X_DISTRIBUTED'],
    ['workers that cannot talk', { distributed: true, worldSize: 2 }, 'X_DISTRIBUTED'],
    ['an opt level', { optLevel: 'O1' }, 'X_CONFIG_UNKNOWN_NAME'],
    ['a folder without a checkpointer', { serializationDir: '/nowhere' }, 'X_CONFIG_NO_TYPE'],
    [
      'a folder, and a checkpointer that was given none',
      { serializationDir: '/nowhere', checkpointer: new Homeless() },
      'X_CONFIG_INVALID',
    ],
    ['a config in place of a part', { learningRateScheduler: { type: 'step' } }, 'X_CONFIG_WRONG_TYPE'],
  ])('%s', (_, options, code) => {
    expect(() => start({ options })).toThrow(expect.objectContaining({ code }) as Error);
  });
});
