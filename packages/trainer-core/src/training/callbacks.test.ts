import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { LineModel, lineBatches, MemoryCheckpointer, MomentumDescent, weightsOf } from '../__fixtures__/small-run.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import type { BatchEvent, EpochEvent, StepEvent, TrainerView } from '../contracts/callbacks.js';
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

describe('a trainer callback', () => {
  class Asks extends TrainerCallback {
    constructor(private readonly ask: (trainer: TrainerView) => void) {
      super();
    }

    override onStepEnd(trainer: TrainerView): void {
      if (trainer.batchNumTotal === 2) this.ask(trainer);
    }
  }

  it('may ask to stop: the run ends after the step and was saved there', async () => {
    const checkpointer = new MemoryCheckpointer();
    const { trainer } = start({ checkpointer, callbacks: [new Asks(({ control }) => control.stop())] });
    await trainer.train();
    expect(trainer.batchNumTotal).toBe(2);
    expect(checkpointer.positions).toEqual([{ epoch: 0, batchesThisEpoch: 2, batchNumTotal: 2, isBestSoFar: false }]);
  });

  it('may ask for a checkpoint after the step', async () => {
    const checkpointer = new MemoryCheckpointer();
    await start({
      checkpointer,
      numEpochs: 1,
      callbacks: [new Asks(({ control }) => control.saveNow())],
    }).trainer.train();
    expect(checkpointer.positions.map(({ batchNumTotal }) => batchNumTotal)).toEqual([2, 5]);
  });

  it('may ask for an evaluation, which leaves the metrics of the epoch as they are', async () => {
    const evaluations: number[] = [];
    class Evaluates extends Asks {
      override onEvaluateEnd(trainer: TrainerView): void {
        evaluations.push(trainer.batchNumTotal);
      }
    }
    const asked = await start({
      validationDataLoader: batches,
      numEpochs: 1,
      callbacks: [new Evaluates(({ control }) => control.evaluateNow())],
    }).trainer.train();
    const plain = await start({ validationDataLoader: batches, numEpochs: 1 }).trainer.train();
    expect(evaluations).toEqual([2, 5]);
    expect(asked['training_error']).toBe(plain['training_error']);
    expect(asked['training_loss']).toBe(plain['training_loss']);
  });

  it('that looks at gradients sees the clipped and rescaled ones, and changes no bit of the run', async () => {
    const norms: number[] = [];
    class Looks extends TrainerCallback {
      override onGradients(
        _: TrainerView,
        {
          gradients,
          gradientNorm,
        }: { readonly gradients: Record<string, tf.Tensor>; readonly gradientNorm: number | null },
      ): void {
        const squares = Object.values(gradients).map((gradient) =>
          tf.tidy(() => tf.sum(tf.square(gradient)).dataSync()[0]!),
        );
        norms.push(Math.sqrt(squares.reduce((sum, square) => sum + square, 0)));
        expect(gradientNorm).toBeGreaterThanOrEqual(norms.at(-1)! - 1e-6);
      }
    }
    const looked = start({ gradNorm: 0.1, callbacks: [new Looks()] });
    const fused = start({ gradNorm: 0.1 });
    await looked.trainer.train();
    await fused.trainer.train();
    expect(norms).toHaveLength(10);
    expect(Math.max(...norms)).toBeLessThanOrEqual(0.1 + 1e-6);
    expect(weightsOf(looked.model)).toEqual(weightsOf(fused.model));
  });

  it('gets the mean loss of the step and the norm before rescaling', async () => {
    const events: StepEvent[] = [];
    class Notes extends TrainerCallback {
      override onStepEnd(_: TrainerView, event: StepEvent): void {
        events.push(event);
      }
    }
    const { trainer } = start({ numEpochs: 1, numGradientAccumulationSteps: 5, callbacks: [new Notes()] });
    const metrics = await trainer.train();
    expect(events.map(({ loss }) => loss)).toEqual([metrics['training_loss']]);
    expect(events[0]!.gradientNorm).toBeNull();
  });
});
