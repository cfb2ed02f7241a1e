import '@tensorflow/tfjs';

import { LineModel, lineBatches, MomentumDescent, weightsOf } from '../__fixtures__/small-run.js';
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
  const model = new LineModel();
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
});
