import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import type { TrainerView } from '../contracts/callbacks.js';
import type { ModelLike } from '../contracts/model.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import { NonFiniteError } from '../errors.js';
import { withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { NoPrecision, NoTensorboard } from './neutral.js';

/** loss = slope w + added, its gradient slope x factor; w = 8 at the start. */
class Sloped implements ModelLike {
  readonly w = tf.tidy(() => tf.variable(tf.scalar(8)));

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w };
  }

  forward({ slope, added, factor }: Batch): Outputs {
    const scaled = tf.customGrad((w) => ({
      value: tf.mul(w as tf.Tensor, slope as tf.Tensor),
      gradFunc: (dy) => tf.mul(dy, tf.mul(slope as tf.Tensor, factor as tf.Tensor)),
    }));
    return { loss: tf.add(scaled(this.w), added as tf.Tensor) };
  }
}

/** Where the value is put that is not finite. */
type Place = 'loss' | 'gradients' | 'weights';
const SLOPES = [1, 0.5, 0.25, 0.125];
/** The step that meets it, 1 at the first. */
const BAD = 3;

function batches(place: Place | null, bad: number): Batch[] {
  return SLOPES.map((slope, i) => ({
    slope: tf.scalar(slope),
    added: tf.scalar(place === 'loss' && i + 1 === BAD ? bad : 0),
    factor: tf.scalar(place === 'gradients' && i + 1 === BAD ? bad : 1),
  }));
}

/** Sets the learning rate, 1, to what makes weights not finite in one step. */
class Rates extends TrainerCallback {
  private step = 0;

  constructor(
    private readonly optimizer: MomentumDescent,
    private readonly bad: number,
  ) {
    super();
  }

  override onStepStart(): void {
    this.step += 1;
    this.optimizer.groups[0]!.options['lr'] = this.step === BAD ? this.bad : 1;
  }
}

/** Makes every step run as separate programs. */
class Looks extends TrainerCallback {
  override onGradients(): void {}
}

/** The steps that callbacks are told of. */
class Told extends TrainerCallback {
  readonly steps: number[] = [];

  override onStepEnd({ batchNumTotal }: TrainerView): void {
    this.steps.push(batchNumTotal);
  }
}

interface Run {
  readonly trainer: GradientDescentTrainer;
  readonly checkpointer: MemoryCheckpointer;
  readonly result: TrainingMetrics | NonFiniteError;
  readonly weight: number;
  readonly velocity: number;
  readonly told: readonly number[];
  readonly warnings: readonly string[];
}

interface Setting {
  readonly split?: boolean;
  readonly options?: Partial<Omit<PartialObjects, 'optimizer'>>;
  readonly checkpointer?: MemoryCheckpointer;
}

async function run(place: Place | null, bad: number, { split = false, options, checkpointer }: Setting): Promise<Run> {
  const model = new Sloped();
  const optimizer = new MomentumDescent({ lr: 1, momentum: 0.5 }, ParameterSet.of(model.namedVariables()));
  const saves = checkpointer ?? new MemoryCheckpointer();
  const told = new Told();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer,
    dataLoader: batches(place, bad),
    numEpochs: 1,
    checkpointer: saves,
    ...options,
    callbacks: [...(place === 'weights' ? [new Rates(optimizer, bad)] : []), ...(split ? [new Looks()] : []), told],
  });
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
  const result = await withLog(log, () =>
    trainer.train().catch((error: unknown) => {
      if (error instanceof NonFiniteError) return error;
      throw error;
    }),
  );
  const { velocity } = optimizer.state.slotsOf(ParameterSet.of(model.namedVariables()).get('w')!);
  return {
    trainer,
    checkpointer: saves,
    result,
    weight: model.w.dataSync()[0]!,
    velocity: velocity!.dataSync()[0]!,
    told: told.steps,
    warnings,
  };
}

/** Weight and velocity after steps on those slopes: v = v / 2 + slope, w = w - v. */
function after(...slopes: readonly number[]): { weight: number; velocity: number } {
  let [weight, velocity] = [8, 0];
  for (const slope of slopes) {
    velocity = velocity / 2 + slope;
    weight -= velocity;
  }
  return { weight, velocity };
}

const [first, second, , last] = SLOPES as [number, number, number, number];
const VALUES = [NaN, Infinity, -Infinity];
const PLACES = ['loss', 'gradients', 'weights'] as const;
const rows = PLACES.flatMap((place) => VALUES.flatMap((bad) => [false, true].map((split) => ({ place, bad, split }))));

describe.each(rows)('$bad in $place, split $split:', ({ place, bad, split }) => {
  it('raise throws with the step and the names, and leaves the state before the step', async () => {
    const { result, weight, velocity, told } = await run(place, bad, {
      split,
      options: { nonFinite: { [place]: 'raise' } },
    });
    expect(result).toMatchObject({ code: place === 'loss' && Number.isNaN(bad) ? 'X_NAN_LOSS' : 'X_NON_FINITE' });
    const what = place === 'loss' ? `the loss is ${bad}` : `the ${place} of "w" are not finite`;
    expect((result as Error).message).toContain(`${what} in step 3; nothing of this step was applied`);
    expect({ weight, velocity }).toEqual(after(first, second));
    expect(told).toEqual([1, 2]);
  });

  it('stop ends the run cleanly, with the state before the step saved', async () => {
    const options = { nonFinite: { [place]: 'stop' } } as const;
    const { result, weight, velocity, trainer, checkpointer, warnings } = await run(place, bad, { split, options });
    expect(result).not.toBeInstanceOf(Error);
    expect({ weight, velocity }).toEqual(after(first, second));
    expect(checkpointer.positions).toEqual([{ epoch: 0, batchesThisEpoch: 2, batchNumTotal: 2, isBestSoFar: false }]);
    expect(trainer.stepsSkipped).toBe(0);
    expect(warnings).toEqual([expect.stringContaining('in step 3; nothing of this step was applied; the run ends')]);
  });

  it('skip leaves the step out: a counter, and nothing else, advances', async () => {
    const options = { nonFinite: { [place]: 'skip' } } as const;
    const { result, weight, velocity, trainer, told, warnings } = await run(place, bad, { split, options });
    expect({ weight, velocity }).toEqual(after(first, second, last));
    expect(trainer.batchNumTotal).toBe(3);
    expect(trainer.stepsSkipped).toBe(1);
    expect(told).toEqual([1, 2, 3]);
    // (8 x 1 + 7 x 0.5 + 6 x 0.125) / 3
    expect(result).toMatchObject({ training_loss: (8 + 3.5 + 0.75) / 3 });
    expect(warnings).toEqual([expect.stringContaining('it is skipped')]);
  });

  it('ignore goes on', async () => {
    // the loss of the next step is that of weights that are NaN
    const options = { nonFinite: { [place]: 'ignore', loss: 'ignore' } } as const;
    const { weight, trainer, warnings } = await run(place, bad, { split, options });
    if (place === 'loss') expect(weight).toBe(after(...SLOPES).weight);
    else expect(Number.isFinite(weight)).toBe(false);
    expect(trainer.batchNumTotal).toBe(4);
    expect(warnings).toEqual([]);
  });
});

it('by default NaN in a loss raises, and nothing else is looked at, as in the original', async () => {
  expect((await run('loss', NaN, {})).result).toMatchObject({ code: 'X_NAN_LOSS' });
  for (const bad of [Infinity, -Infinity]) {
    const { result, weight } = await run('loss', bad, {});
    expect(result).toMatchObject({ training_loss: bad });
    expect(weight).toBe(after(...SLOPES).weight);
  }
  expect((await run('weights', Infinity, {})).trainer.batchNumTotal).toBe(4);
});

it.each([
  { clipping: { gradClipping: 2 }, found: false },
  { clipping: {}, found: true },
])('gradients are looked at after clipping: $clipping', async ({ clipping, found }) => {
  const { result } = await run('gradients', Infinity, { options: { ...clipping, nonFinite: { gradients: 'raise' } } });
  expect(result instanceof Error).toBe(found);
});

it('a run that skipped a step and was stopped goes on as one that was not stopped', async () => {
  const options = { nonFinite: { loss: 'skip' } } as const;
  const checkpointer = new MemoryCheckpointer();
  const stop = (view: TrainerView): void => view.control.stop();
  class Stops extends TrainerCallback {
    override onStepEnd(view: TrainerView): void {
      if (view.batchNumTotal === 3) stop(view);
    }
  }
  const model = new Sloped();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 1, momentum: 0.5 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches('loss', NaN),
    numEpochs: 1,
    checkpointer,
    ...options,
    callbacks: [new Stops()],
  });
  await withLog({ info: () => undefined, warn: () => undefined }, () => trainer.train());
  const { trainer: resumed, weight } = await run('loss', NaN, { options, checkpointer });
  expect(resumed.stepsSkipped).toBe(1);
  expect(weight).toBe(after(first, second, last).weight);
});

it('a run that stopped goes on over the step with another rule', async () => {
  const { checkpointer } = await run('loss', NaN, { options: { nonFinite: { loss: 'stop' } } });
  const { weight } = await run('loss', NaN, { options: { nonFinite: { loss: 'skip' } }, checkpointer });
  expect(weight).toBe(after(first, second, last).weight);
});

it('where the first step of all is not finite, a run that stops has saved nothing, and is no failure', async () => {
  const model = new Sloped();
  const checkpointer = new MemoryCheckpointer();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 1 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches('loss', NaN).slice(BAD - 1),
    checkpointer,
    nonFinite: { loss: 'stop' },
  });
  await withLog({ info: () => undefined, warn: () => undefined }, () => trainer.train());
  expect(checkpointer.positions).toEqual([]);
});

it('an epoch of which every step is skipped is an error', async () => {
  const model = new Sloped();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 1 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches('loss', NaN).slice(BAD - 1, BAD),
    nonFinite: { loss: 'skip' },
  });
  const training = withLog({ info: () => undefined, warn: () => undefined }, () => trainer.train());
  await expect(training).rejects.toThrow(/all 1 steps of epoch 1 were skipped/);
});

it('the number of skipped steps is in TensorBoard', async () => {
  const tensorboardWriter = new NoTensorboard();
  const addScalar = jest.spyOn(tensorboardWriter, 'addScalar');
  await run('loss', NaN, { options: { nonFinite: { loss: 'skip' }, tensorboardWriter } });
  // after two steps that were made, the first one
  expect(addScalar.mock.calls).toEqual([['train', 'steps_skipped', 1, 2]]);
});

it('in an accumulated step, one micro-batch leaves all of it out', async () => {
  const options = { nonFinite: { loss: 'skip' }, numGradientAccumulationSteps: 2 } as const;
  const { weight, trainer } = await run('loss', NaN, { options });
  // the mean of the first two slopes
  expect(weight).toBe(8 - 0.75);
  expect([trainer.batchNumTotal, trainer.stepsSkipped]).toEqual([1, 1]);
});

/** A precision that finds its scale by steps whose gradients overflow. */
class FindsItsScale extends NoPrecision {
  override readonly skipsNonFinite = true;
}

it.each([false, true])(
  'gradients that a precision skips itself are no non-finite weights (split %s)',
  async (split) => {
    const options = { nonFinite: { weights: 'raise' }, precision: new FindsItsScale() } as const;
    const { result, weight, trainer, warnings } = await run('gradients', Infinity, { split, options });
    expect(result).not.toBeInstanceOf(NonFiniteError);
    expect(weight).toBe(after(first, second, last).weight);
    expect([trainer.stepsSkipped, warnings]).toEqual([1, []]);
  },
);

it.each([false, true])('no tensor is left by a step that is left out (split %s)', async (split) => {
  const count = async (place: Place | null): Promise<number> => {
    const before = tf.memory().numTensors;
    const { checkpointer } = await run(place, NaN, { split, options: { nonFinite: { [place ?? 'loss']: 'skip' } } });
    checkpointer.dispose();
    return tf.memory().numTensors - before;
  };
  const whole = await count(null);
  for (const place of PLACES) expect(await count(place)).toBe(whole);
});
