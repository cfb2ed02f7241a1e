import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import {
  HalfAverage,
  LineModel,
  lineBatches,
  MemoryCheckpointer,
  MomentumDescent,
  weightsOf,
} from '../__fixtures__/small-run.js';
import type { Outputs } from '../contracts/batch.js';
import { BatchCallback, EpochCallback } from '../contracts/callbacks.js';
import type { BatchEvent, EpochEvent } from '../contracts/callbacks.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

const batches = lineBatches(5);

function start(options: Partial<Omit<PartialObjects, 'optimizer'>> = {}): {
  model: LineModel;
  trainer: GradientDescentTrainer;
} {
  const model = (options.model as LineModel | undefined) ?? new LineModel();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.05 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches,
    numEpochs: 2,
    ...options,
  });
  return { model, trainer };
}

class EveryEpoch extends EpochCallback {
  readonly epochs: number[] = [];

  constructor(private readonly act: (trainer: GradientDescentTrainer, event: EpochEvent) => void = () => undefined) {
    super();
  }

  onEpoch(trainer: GradientDescentTrainer, event: EpochEvent): void {
    this.epochs.push(event.epoch);
    this.act(trainer, event);
  }
}

class EveryBatch extends BatchCallback {
  constructor(private readonly act: (trainer: GradientDescentTrainer, event: BatchEvent) => void | Promise<void>) {
    super();
  }

  onBatch(trainer: GradientDescentTrainer, event: BatchEvent): void | Promise<void> {
    return this.act(trainer, event);
  }
}

describe('an epoch callback', () => {
  it('is called before training with epoch -1 and no metrics, then after every epoch', async () => {
    const keys: number[] = [];
    const callback = new EveryEpoch((_, { metrics }) => keys.push(Object.keys(metrics).length));
    await start({ epochCallbacks: [callback] }).trainer.train();
    expect(callback.epochs).toEqual([-1, 0, 1]);
    expect(keys[0]).toBe(0);
  });

  it('may change the learning rate and freeze a parameter: both act from the next step on', async () => {
    const change = new EveryEpoch((trainer, { epoch }) => {
      if (epoch !== 0) return;
      trainer.optimizer.groups[0]!.options['lr'] = 0;
      trainer.parameters.freeze(['^b$']);
    });
    const { model, trainer } = start({ epochCallbacks: [change] });
    await trainer.train();
    const afterOne = start({ numEpochs: 1 });
    await afterOne.trainer.train();
    expect(weightsOf(model)).toEqual(weightsOf(afterOne.model));
    expect(trainer.optimizer.state.stepsOf(trainer.parameters.get('w')!)).toBe(10);
    expect(trainer.optimizer.state.stepsOf(trainer.parameters.get('b')!)).toBe(5);
  });

  it('may change the learning rate between epochs: the steps that follow go by the new one', async () => {
    // loss = (w - 1)^2 with gradient 2 (w - 1); one step an epoch: 1 - w is multiplied by 1 - 2 lr
    const w = tf.tidy(() => tf.variable(tf.scalar(0)));
    const seen: number[] = [];
    const change = new EveryEpoch((trainer, { epoch }) => {
      seen.push(w.dataSync()[0]!);
      trainer.optimizer.groups[0]!.options['lr'] = [0.25, 0.375, 0.125][epoch + 1];
    });
    await new GradientDescentTrainer({
      model: { namedVariables: () => ({ w }), forward: () => ({ loss: tf.square(tf.sub(w, 1)) }) },
      optimizer: new MomentumDescent({ lr: 9 }, ParameterSet.of({ w })),
      dataLoader: [{}],
      numEpochs: 3,
      epochCallbacks: [change],
    }).train();
    expect(seen).toEqual([0, 0.5, 0.875, 0.90625]);
  });

  it('may unfreeze a parameter, which is trained from the next step on', async () => {
    const biases: number[] = [];
    const change = new EveryEpoch((trainer, { epoch }) => {
      biases.push(...trainer.model.namedVariables()['b']!.dataSync());
      if (epoch === 0) trainer.parameters.get('b')!.trainable = true;
    });
    const model = new LineModel();
    await start({ model, noGrad: ['^b$'], epochCallbacks: [change] }).trainer.train();
    expect(biases.slice(0, 2)).toEqual([0, 0]);
    expect(biases[2]).toBeGreaterThan(0.1);
  });

  it('may change patience, which counts at the next validation', async () => {
    const change = new EveryEpoch((trainer) => (trainer.patience = 1));
    const { trainer } = start({ numEpochs: 9, patience: 9, epochCallbacks: [change], validationDataLoader: batches });
    trainer.optimizer.groups[0]!.options['lr'] = 0;
    await trainer.train();
    expect(change.epochs).toEqual([-1, 0]);
  });

  it('is called with epoch -1 on a resume too', async () => {
    const checkpointer = new MemoryCheckpointer();
    await start({ numEpochs: 1, checkpointer }).trainer.train();
    const callback = new EveryEpoch();
    await start({ numEpochs: 2, checkpointer, epochCallbacks: [callback] }).trainer.train();
    expect(callback.epochs).toEqual([-1, 1]);
  });

  it('may change how long training goes on, and its entries in the metrics are returned', async () => {
    const change = new EveryEpoch((trainer, { metrics, epoch }) => {
      if (epoch === 0) trainer.numEpochs = 1;
      metrics['mine'] = 7;
    });
    const metrics = await start({ epochCallbacks: [change] }).trainer.train();
    expect(metrics).toMatchObject({ epoch: 0, mine: 7 });
  });
});

describe('a batch callback', () => {
  it('gets the group, all outputs, and numbers as the original gives them', async () => {
    const seen: string[] = [];
    const note = new EveryBatch((_, { batchInputs, batchOutputs, epoch, batchNumber, isTraining, isMaster }) => {
      const outputs = batchOutputs.map((output) => Object.keys(output).sort().join('+'));
      seen.push([epoch, batchNumber, isTraining, isMaster, batchInputs.length, ...new Set(outputs)].join(' '));
    });
    const { trainer } = start({
      numEpochs: 1,
      numGradientAccumulationSteps: 2,
      validationDataLoader: batches.slice(0, 2),
      batchCallbacks: [note],
    });
    await trainer.train();
    expect(seen).toEqual([
      '0 1 true true 2 loss+prediction+regLoss',
      '0 2 true true 2 loss+prediction+regLoss',
      '0 3 true true 1 loss+prediction+regLoss',
      '0 1 false true 1 loss+prediction',
      '0 2 false true 1 loss+prediction',
    ]);
  });

  it('gets 0 as the number of a validation batch while none had a loss, and counts those that had one', async () => {
    const numbers: number[] = [];
    const note = new EveryBatch((_, { batchNumber, isTraining }) => {
      if (!isTraining) numbers.push(batchNumber);
    });
    const model = new LineModel();
    const forward = model.forward.bind(model);
    let validated = 0;
    model.forward = (batch, mode): Outputs => {
      const { loss, ...others } = forward(batch, mode);
      if (!mode.training) validated += 1;
      return mode.training || validated === 2 ? { ...others, loss: loss! } : others;
    };
    const { trainer } = start({
      model,
      numEpochs: 1,
      validationDataLoader: batches.slice(0, 3),
      batchCallbacks: [note],
    });
    await trainer.train();
    expect(numbers).toEqual([0, 1, 1]);
  });

  it('that saves predictions gets those of every batch, with the weights of that moment', async () => {
    const saved: number[][] = [];
    const save = new EveryBatch(async (_, { batchOutputs }) => {
      for (const { prediction } of batchOutputs) saved.push([...(await prediction!.data())]);
    });
    await start({ numEpochs: 2, batchCallbacks: [save] }).trainer.train();
    expect(saved).toHaveLength(10);
    // the first batch goes through the initial weights: x = [[0, 1], [1, -1]], w = [0.5, -0.25], b = 0
    expect(saved[0]).toEqual([-0.25, 0.75]);
  });

  it('that saves predictions in validation gets those of the averaged weights', async () => {
    const saved: number[] = [];
    const save = new EveryBatch(async (_, { batchOutputs, isTraining }) => {
      if (!isTraining) saved.push(...(await batchOutputs[0]!['prediction']!.data()));
    });
    const model = new LineModel();
    const movingAverage = new HalfAverage(ParameterSet.of(model.namedVariables()));
    await start({
      model,
      movingAverage,
      numEpochs: 1,
      validationDataLoader: batches.slice(0, 1),
      batchCallbacks: [save],
    }).trainer.train();
    // x = [[0, 1], [1, -1]]
    const [w0, w1] = movingAverage.shadows.get('w')!.dataSync();
    const [b] = movingAverage.shadows.get('b')!.dataSync();
    expect(saved[0]).toBeCloseTo(w1! + b!, 6);
    expect(saved[1]).toBeCloseTo(w0! - w1! + b!, 6);
    expect(weightsOf(model)).not.toEqual([w0, w1, b]);
  });
});
