import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { lineBatches, LineModel, MomentumDescent, weightsOf } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import type { StepEvent, TrainerView } from '../contracts/callbacks.js';
import { ParameterSet } from '../state/parameters.js';
import type { GradientDescentTrainerOptions } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

class Norms extends TrainerCallback {
  readonly seen: (number | null)[] = [];

  override onStepEnd(_: TrainerView, { gradientNorm }: StepEvent): void {
    this.seen.push(gradientNorm);
  }
}

interface Run {
  readonly norms: (number | null)[];
  readonly weights: number[];
  readonly validationLoss: number;
}

async function run(
  type: new (options: GradientDescentTrainerOptions) => GradientDescentTrainer,
  { lr, gradNorm = null }: { lr: number; gradNorm?: number | null },
): Promise<Run> {
  const model = new LineModel();
  const norms = new Norms();
  const metrics = await new type({
    model,
    optimizer: new MomentumDescent({ lr }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(5),
    validationDataLoader: lineBatches(5),
    numEpochs: 2,
    gradNorm,
    callbacks: [norms],
  }).train();
  return { norms: norms.seen, weights: weightsOf(model), validationLoss: metrics['validation_loss'] as number };
}

class Doubled extends GradientDescentTrainer {
  override batchOutputs(batch: Batch, forTraining: boolean): Outputs {
    const outputs = super.batchOutputs(batch, forTraining);
    return { ...outputs, loss: tf.mul(outputs['loss']!, 2) };
  }
}

it('batchOutputs of a subclass is what is trained and validated: twice the loss is twice the learning rate', async () => {
  const doubled = await run(Doubled, { lr: 0.02 });
  const plain = await run(GradientDescentTrainer, { lr: 0.04 });
  doubled.weights.forEach((weight, i) => expect(weight).toBeCloseTo(plain.weights[i]!, 6));
  expect(doubled.validationLoss).toBeCloseTo(2 * plain.validationLoss, 5);
});

class NotRescaled extends GradientDescentTrainer {
  override async rescaleGradients(): Promise<number | null> {
    return 42;
  }
}

it('rescaleGradients of a subclass replaces the rescaling, in every step', async () => {
  const overridden = await run(NotRescaled, { lr: 0.02, gradNorm: 1e-9 });
  const unlimited = await run(GradientDescentTrainer, { lr: 0.02 });
  expect(overridden.norms).toEqual(Array(10).fill(42));
  expect(overridden.weights).toEqual(unlimited.weights);
});

class Halved extends GradientDescentTrainer {
  override async rescaleGradients(): Promise<number | null> {
    const norm = await super.rescaleGradients();
    return norm === null ? null : norm / 2;
  }
}

it('rescaleGradients of a subclass may use the one it overrides', async () => {
  const halved = await run(Halved, { lr: 0.02, gradNorm: 0.5 });
  const plain = await run(GradientDescentTrainer, { lr: 0.02, gradNorm: 0.5 });
  expect(halved.norms).toEqual(plain.norms.map((norm) => norm! / 2));
  expect(halved.weights).toEqual(plain.weights);
});
