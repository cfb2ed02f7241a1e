import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { LineModel, lineBatches, MemoryCheckpointer, MomentumDescent, weightsOf } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import type { EvaluateBatchEvent, MicroBatchEvent, StepEvent, TrainerView } from '../contracts/callbacks.js';
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

/** Asks for something after the second step. */
class Asks extends TrainerCallback {
  constructor(private readonly ask: (trainer: TrainerView) => void) {
    super();
  }

  override onStepEnd(trainer: TrainerView): void {
    if (trainer.batchNumTotal === 2) this.ask(trainer);
  }
}

it('a trainer callback may ask to stop: the run ends after the step and was saved there', async () => {
  const checkpointer = new MemoryCheckpointer();
  const { trainer } = start({ checkpointer, callbacks: [new Asks(({ control }) => control.stop())] });
  await trainer.train();
  expect(trainer.batchNumTotal).toBe(2);
  expect(checkpointer.positions).toEqual([{ epoch: 0, batchesThisEpoch: 2, batchNumTotal: 2, isBestSoFar: false }]);
});

it('a trainer callback may ask for a checkpoint after the step', async () => {
  const checkpointer = new MemoryCheckpointer();
  await start({
    checkpointer,
    numEpochs: 1,
    callbacks: [new Asks(({ control }) => control.saveNow())],
  }).trainer.train();
  expect(checkpointer.positions.map(({ batchNumTotal }) => batchNumTotal)).toEqual([2, 5]);
});

it('a trainer callback may ask for an evaluation, which leaves the metrics of the epoch as they are', async () => {
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

it('a trainer callback that looks at gradients sees the clipped and rescaled ones, and changes no bit of the run', async () => {
  const norms: number[] = [];
  class Looks extends TrainerCallback {
    override onGradients(
      _: TrainerView,
      { gradients, gradientNorm }: { readonly gradients: Readonly<Outputs>; readonly gradientNorm: number | null },
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

it('a trainer callback gets the mean loss of the step and the norm before rescaling', async () => {
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

it('a request for an evaluation without validation data is dropped', async () => {
  const evaluated: number[] = [];
  class Evaluates extends Asks {
    override onEvaluateEnd(trainer: TrainerView): void {
      evaluated.push(trainer.batchNumTotal);
    }
  }
  await start({ numEpochs: 1, callbacks: [new Evaluates(({ control }) => control.evaluateNow())] }).trainer.train();
  expect(evaluated).toEqual([]);
});

it('a request is honoured once: what is asked for after an epoch comes after the next step', async () => {
  const checkpointer = new MemoryCheckpointer();
  class AsksLater extends TrainerCallback {
    override onEpochEnd({ epoch, control }: TrainerView): void {
      if (epoch === 0) control.saveNow();
    }
  }
  await start({ checkpointer, callbacks: [new AsksLater()] }).trainer.train();
  expect(checkpointer.positions.map(({ batchNumTotal }) => batchNumTotal)).toEqual([5, 6, 10]);
});

it('a trainer callback that stops after an epoch ends the run there, complete', async () => {
  class StopsLater extends TrainerCallback {
    override onEpochEnd({ control }: TrainerView): void {
      control.stop();
    }
  }
  const { trainer } = start({ numEpochs: 9, callbacks: [new StopsLater()] });
  expect(await trainer.train()).toMatchObject({ epoch: 0, training_epochs: 0 });
  expect(trainer.batchNumTotal).toBe(5);
});

it('a trainer callback that stops before training: nothing is trained, and there is no error', async () => {
  class StopsFirst extends TrainerCallback {
    override onRunStart({ control }: TrainerView): void {
      control.stop();
    }
  }
  const { model, trainer } = start({ checkpointer: new MemoryCheckpointer(), callbacks: [new StopsFirst()] });
  await trainer.train();
  expect(weightsOf(model)).toEqual(weightsOf(new LineModel()));
});

it('sees the run through its view: epochs, steps, rates', async () => {
  const seen: unknown[] = [];
  class Looks extends TrainerCallback {
    override onStepEnd(view: TrainerView): void {
      const { epoch, batchNumTotal, batchesThisEpoch, numEpochs, stepsPerEpoch, learningRates, isMaster } = view;
      seen.push([epoch, batchNumTotal, batchesThisEpoch, numEpochs, stepsPerEpoch, learningRates, isMaster]);
    }
  }
  await start({ numGradientAccumulationSteps: 3, callbacks: [new Looks()] }).trainer.train();
  expect(seen).toEqual([
    [0, 1, 1, 2, 2, [0.05], true],
    [0, 2, 2, 2, 2, [0.05], true],
    [1, 3, 1, 2, 2, [0.05], true],
    [1, 4, 2, 2, 2, [0.05], true],
  ]);
});

it('gets every micro-batch with its own loss, and the number of validation batches', async () => {
  const seen: string[] = [];
  class Notes extends TrainerCallback {
    override onMicroBatchEnd(_: TrainerView, { index, loss }: { readonly index: number; readonly loss: number }): void {
      seen.push(`${index} ${typeof loss}`);
    }

    override onEvaluateStart(_: TrainerView, { numBatches }: { readonly numBatches: number | null }): void {
      seen.push(`evaluate ${numBatches}`);
    }
  }
  await start({
    numEpochs: 1,
    numGradientAccumulationSteps: 3,
    validationDataLoader: batches.slice(0, 4),
    callbacks: [new Notes()],
  }).trainer.train();
  expect(seen).toEqual(['0 number', '1 number', '2 number', '0 number', '1 number', 'evaluate 4']);
});

it('gets every validation batch: its loss, how many had one so far, the means so far, and outputs that it may read', async () => {
  const seen: unknown[] = [];
  class Notes extends TrainerCallback {
    override onEvaluateBatch(_: TrainerView, { batch, outputs, loss, batchNumber, metrics }: EvaluateBatchEvent): void {
      seen.push([batchNumber, loss === null, Object.keys(batch), outputs['prediction']!.shape, metrics['loss']]);
    }
  }
  class SecondWithout extends LineModel {
    private count = 0;

    override forward(batch: Batch, mode: { training: boolean }): Outputs {
      const { loss, ...outputs } = super.forward(batch, mode);
      if (mode.training) return { ...outputs, loss: loss! };
      this.count += 1;
      return this.count === 2 ? outputs : { ...outputs, loss: tf.scalar(this.count) };
    }
  }
  const model = new SecondWithout();
  await new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.05 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches,
    validationDataLoader: batches.slice(0, 3),
    numEpochs: 1,
    callbacks: [new Notes()],
  }).train();
  const inputs = ['x', 'y'];
  expect(seen).toEqual([
    [1, false, inputs, [2, 1], 1],
    [1, true, inputs, [2, 1], 1],
    [2, false, inputs, [2, 1], 2],
  ]);
});

it('a micro-batch is told with its outputs', async () => {
  const shapes: unknown[] = [];
  class Looks extends TrainerCallback {
    override onMicroBatchEnd(_: TrainerView, { outputs, loss }: MicroBatchEvent): void {
      shapes.push([outputs['prediction']!.shape, loss === outputs['loss']!.dataSync()[0]]);
    }
  }
  await start({ numEpochs: 1, numGradientAccumulationSteps: 5, callbacks: [new Looks()] }).trainer.train();
  expect(shapes).toEqual(Array.from({ length: 5 }, () => [[2, 1], true]));
});

it.each([[false], [true]])(
  'gradNorm true reports the norm and changes nothing (steps in parts: %p)',
  async (inParts) => {
    const run = async (gradNorm: boolean | number): Promise<{ norms: (number | null)[]; weights: number[] }> => {
      const norms: (number | null)[] = [];
      class Notes extends TrainerCallback {
        override onStepEnd(_: TrainerView, { gradientNorm }: StepEvent): void {
          norms.push(gradientNorm);
        }
      }
      class Looks extends Notes {
        override onMicroBatchEnd(): void {}
      }
      const { model, trainer } = start({ gradNorm, callbacks: [inParts ? new Looks() : new Notes()] });
      await trainer.train();
      return { norms, weights: weightsOf(model) };
    };
    const reported = await run(true);
    const off = await run(false);
    expect(off.norms).toEqual(Array.from({ length: 10 }, () => null));
    expect(reported.weights).toEqual(off.weights);
    // a limit that no norm reaches changes nothing either, and reports the same
    expect(reported.norms).toEqual((await run(1e6)).norms);
  },
);
