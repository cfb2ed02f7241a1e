import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Checkpointer, ModelLike, Trainer, TrainingMetrics } from '@x/trainer-core';
import { InterruptedError } from '@x/trainer-core';

import type { HostValue } from './host-values.js';
import { toHost } from './host-values.js';
import { InMemoryCheckpointer } from './in-memory-checkpointer.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';
import { tinyRegression } from './tiny-regression.js';
import type { TinyRegression } from './tiny-regression.js';

/** What a trainer under test is made of. */
export interface TrainerParts {
  readonly model: ModelLike;
  readonly batches: readonly Batch[];
  readonly numEpochs: number;
  /** Where the trainer saves, and goes on from; null saves nothing. */
  readonly checkpointer: Checkpointer | null;
}

/** A trainer to be tested. */
export interface TrainerSubject {
  readonly name: string;
  /** Makes one that fits the model to the batches, and saves after every epoch. */
  readonly make: (parts: TrainerParts) => Trainer;
  /** Frees what `make` made besides: an optimizer, say. */
  readonly dispose?: (trainer: Trainer) => void;
}

const NUM_EPOCHS = 3;

/** What every trainer must do: train, tell how it went, and give a state from which it goes on exactly. */
export function trainerContract(runner: TestRunner, { name, make, dispose }: TrainerSubject): void {
  const { describe, it } = leakFree(runner);

  async function withTrainer<R>(
    { model, ...parts }: Partial<TrainerParts> & { readonly wrap?: (model: TinyRegression) => ModelLike },
    use: (trainer: Trainer, model: TinyRegression) => Promise<R>,
  ): Promise<R> {
    const { wrap = (inner: TinyRegression): ModelLike => inner, ...options } = parts;
    const tiny = tinyRegression({ noise: 0.1 });
    const trainer = make({
      model: model ?? wrap(tiny),
      batches: tiny.batches,
      numEpochs: NUM_EPOCHS,
      checkpointer: null,
      ...options,
    });
    try {
      return await use(trainer, tiny);
    } finally {
      dispose?.(trainer);
      tiny.dispose();
    }
  }

  /** The weights after training with a checkpointer. */
  function trained(checkpointer: Checkpointer, numEpochs: number): Promise<HostValue> {
    return withTrainer({ checkpointer, numEpochs }, async (trainer, model) => {
      await trainer.train();
      return weightsOf(model);
    });
  }

  describe(`${name}: trainer`, () => {
    it('fits the model, and returns metrics', () =>
      withTrainer({}, async (trainer, model) => {
        const before = await lossOf(model);
        const metrics: TrainingMetrics = await trainer.train();
        assert.ok((await lossOf(model)) < before / 2, 'the loss should halve in three epochs');
        assert.ok(Object.keys(metrics).length > 0);
        for (const [key, value] of Object.entries(metrics)) {
          assert.ok(
            value === null || ['string', 'number'].includes(typeof value),
            `the metric "${key}" is a ${typeof value}`,
          );
        }
      }));

    it('trains in the same way every time, bit for bit', async () => {
      const [one, other] = [await trained(new InMemoryCheckpointer(), 2), await trained(new InMemoryCheckpointer(), 2)];
      assert.deepEqual(one, other);
    });

    it('gives a state that holds every weight, and does not change when training goes on', () =>
      withTrainer({}, async (trainer, model) => {
        const snapshot = trainer.getCheckpointState();
        const before = await toHost(snapshot.modelState);
        assert.deepEqual(Object.keys(snapshot.modelState), Object.keys(model.namedVariables()));
        await trainer.train();
        assert.deepEqual(await toHost(snapshot.modelState), before);
        snapshot.dispose();
        assert.ok(Object.values(model.namedVariables()).every(({ isDisposed }) => !isDisposed));
      }));

    it('is saved by any checkpointer, through its state alone', () =>
      withTrainer({}, async (trainer, model) => {
        await trainer.train();
        const checkpointer = new InMemoryCheckpointer();
        const position = {
          epoch: NUM_EPOCHS - 1,
          batchesThisEpoch: 0,
          batchNumTotal: NUM_EPOCHS * model.batches.length,
        };
        await checkpointer.saveCheckpoint(trainer, position, true);
        const best = await checkpointer.bestModelState();
        assert.deepEqual(await toHost(best), await weightsOf(model));
        tf.dispose(best!);
      }));

    it('goes on from a checkpoint after an epoch as if it had not stopped, bit for bit', async () => {
      const interrupted = new InMemoryCheckpointer();
      await trained(interrupted, 1);
      assert.deepEqual(await trained(interrupted, NUM_EPOCHS), await trained(new InMemoryCheckpointer(), NUM_EPOCHS));
    });

    it('stops when it is told to, saves first, and goes on from there, bit for bit', async () => {
      const checkpointer = new InMemoryCheckpointer();
      const abort = new AbortController();
      const wrap = (model: TinyRegression): ModelLike => abortingAt(7, model, abort);
      await withTrainer({ checkpointer, wrap }, async (trainer) => {
        await assert.rejects(trainer.train({ signal: abort.signal }), InterruptedError);
      });
      assert.ok(checkpointer.positions.length > 0, 'an interrupted run should save');
      assert.deepEqual(await trained(checkpointer, NUM_EPOCHS), await trained(new InMemoryCheckpointer(), NUM_EPOCHS));
    });

    it('frees what it made when the model fails', () =>
      withTrainer({ wrap: failingAt(3) }, async (trainer) => {
        await assert.rejects(trainer.train(), /in the middle/);
      }));
  });
}

function weightsOf(model: ModelLike): Promise<HostValue> {
  return toHost(model.namedVariables());
}

async function lossOf(model: TinyRegression): Promise<number> {
  const loss = tf.tidy(() => model.forward(model.batches[0]!, { training: false })['loss']!);
  const [value] = await loss.data();
  loss.dispose();
  return value!;
}

/** The model, which asks for the end of training in its n-th forward pass in training. */
function abortingAt(n: number, model: TinyRegression, abort: AbortController): ModelLike {
  return counting(model, (count) => {
    if (count === n) abort.abort();
  });
}

/** The model, whose n-th forward pass in training throws. */
function failingAt(n: number): (model: TinyRegression) => ModelLike {
  return (model) =>
    counting(model, (count) => {
      if (count === n) throw new RangeError('in the middle');
    });
}

function counting(model: TinyRegression, pass: (count: number) => void): ModelLike {
  let count = 0;
  return {
    namedVariables: () => model.namedVariables(),
    forward: (batch, mode) => {
      const outputs = model.forward(batch, mode);
      if (mode.training) pass((count += 1));
      return outputs;
    },
  };
}
