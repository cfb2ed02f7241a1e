import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { Sgd } from '@x/optim';
import { GradientDescentTrainer, NonFiniteError, ParameterSet, TrainerCallback, withLog } from '@x/trainer-core';
import type { Batch, GradientDescentTrainerOptions, ModelLike, Outputs } from '@x/trainer-core';

import { OnnxEngine } from './onnx-engine.js';

// compiling takes seconds where other tests share the cores
jest.setTimeout(60_000);

/** loss = sum(x w) + added, whose gradient is x, times `factor` of the batch. */
class Sloped implements ModelLike {
  readonly w = tf.tidy(() => tf.variable(tf.tensor1d([8, 8])));

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w };
  }

  forward({ x, added, factor }: Batch): Outputs {
    const scaled = tf.customGrad((w) => ({
      value: tf.sum(tf.mul(w as tf.Tensor, x as tf.Tensor)),
      gradFunc: (dy) => tf.mul(dy, tf.mul(x as tf.Tensor, factor as tf.Tensor)),
    }));
    return { loss: tf.add(scaled(this.w), added as tf.Tensor) };
  }
}

type Place = 'loss' | 'gradients' | 'weights';
const SLOPES = [1, 0.5, 0.25, 0.125] as const;
/** The step that meets it, 1 at the first. The second is the first fused one. */
const BAD = 3;

function batches(place: Place, bad: number): Batch[] {
  return SLOPES.map((slope, i) => ({
    x: tf.tensor1d([slope, 2 * slope]),
    added: tf.scalar(place === 'loss' && i + 1 === BAD ? bad : 0),
    factor: tf.scalar(place === 'gradients' && i + 1 === BAD ? bad : 1),
  }));
}

interface Run {
  readonly trainer: GradientDescentTrainer;
  readonly error: unknown;
  readonly weights: number[];
}

async function run(place: Place, bad: number, options: Partial<GradientDescentTrainerOptions>): Promise<Run> {
  const model = new Sloped();
  const optimizer = new Sgd({ lr: 1, momentum: 0.5 }, ParameterSet.of(model.namedVariables()));
  class Rates extends TrainerCallback {
    private step = 0;
    override onStepStart(): void {
      this.step += 1;
      optimizer.groups[0]!.options['lr'] = place === 'weights' && this.step === BAD ? bad : 1;
    }
  }
  const engine = new OnnxEngine({ onFailure: 'error' });
  const dataLoader = batches(place, bad);
  const rates = new Rates();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer,
    dataLoader,
    engine,
    numEpochs: 1,
    callbacks: [rates],
    ...options,
  });
  const silent = { info: () => undefined, warn: () => undefined };
  try {
    const error: unknown = await withLog(silent, () =>
      trainer.train().then(
        () => null,
        (caught: unknown) => caught,
      ),
    );
    return { trainer, error, weights: [...model.w.dataSync()] };
  } finally {
    engine.dispose();
  }
}

/** Weights after steps on those slopes: v = v / 2 + x, w = w - v. */
function after(...slopes: readonly number[]): number[] {
  return [1, 2].map((factor) => {
    let [weight, velocity] = [8, 0];
    for (const slope of slopes) {
      velocity = velocity / 2 + factor * slope;
      weight -= velocity;
    }
    return weight;
  });
}

const [first, second, , last] = SLOPES;
const rows = (['loss', 'gradients', 'weights'] as const).flatMap((place) =>
  [NaN, -Infinity].map((bad) => ({ place, bad })),
);

describe.each(rows)('$bad in $place of a compiled step:', ({ place, bad }) => {
  it('raise leaves the state before the step', async () => {
    const { error, weights } = await run(place, bad, { nonFinite: { [place]: 'raise' } });
    expect(error).toBeInstanceOf(NonFiniteError);
    expect((error as Error).message).toMatch(/(the loss is|the \w+ of "w" are not finite).* in step 3/);
    expect(weights).toEqual(after(first, second));
  });

  it('stop ends the run with it', async () => {
    const { error, weights } = await run(place, bad, { nonFinite: { [place]: 'stop' } });
    expect(error).toBeNull();
    expect(weights).toEqual(after(first, second));
  });

  it('skip goes on without the step', async () => {
    const { trainer, weights } = await run(place, bad, { nonFinite: { [place]: 'skip' } });
    expect(weights).toEqual(after(first, second, last));
    expect([trainer.batchNumTotal, trainer.stepsSkipped]).toEqual([3, 1]);
  });
});

it('where it is ignored, a loss that is not finite is trained on', async () => {
  const { trainer, weights } = await run('loss', NaN, { nonFinite: { loss: 'ignore' } });
  expect(weights).toEqual(after(...SLOPES));
  expect(trainer.batchNumTotal).toBe(4);
});

it('a detected anomaly is explained op by op, with the line in the model', async () => {
  const { error, weights } = await run('loss', Infinity, { detectAnomaly: true });
  expect((error as Error).message).toMatch(
    /the loss is Infinity in step 3; .* Add \(.*non-finite\.test\.ts:\d+:\d+\) is given an infinite value with "added" of the batch/,
  );
  expect(weights).toEqual(after(first, second));
});
