import assert from 'node:assert/strict';
import type {
  BatchCallback,
  EpochCallback,
  GradientDescentTrainerOptions,
  Stateful,
  TrainingMetrics,
} from '@x/trainer-core';
import { cloneState, disposeState, NonFiniteError, tensorsIn, TrainerCallback } from '@x/trainer-core';
import * as tf from '@tensorflow/tfjs-core';
import type { EvaluateBatchEvent, StepEvent, TrainerView } from '@x/trainer-core';

import type { HostValue } from './host-values.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';
import { inTemporaryFolder } from './temporary-folder.js';
import { tinyRegression } from './tiny-regression.js';
import { trainTinyRegression } from './tiny-run.js';

/** A callback to be tested. */
export interface CallbackSubject<C extends Partial<Stateful>> {
  readonly name: string;
  /**
   * Makes one for a run that writes to `folder`. The run trains a tiny regression with `GradientDescentTrainer` for two
   * epochs of five steps, with validation and checkpoints.
   */
  readonly make: (folder: string) => C | Promise<C>;
}

type Options = Partial<GradientDescentTrainerOptions>;

/** What every `TrainerCallback` must do: take part in whole, failed and secondary runs and leave their tensors alone. */
export function trainerCallbackContract(runner: TestRunner, subject: CallbackSubject<TrainerCallback>): void {
  callbackContract(runner, subject, 'trainer callback', (callback, onlooker) => ({ callbacks: [callback, onlooker] }));
}

/** What every `BatchCallback` must do, as {@link trainerCallbackContract} has it. */
export function batchCallbackContract(runner: TestRunner, subject: CallbackSubject<BatchCallback>): void {
  callbackContract(runner, subject, 'batch callback', (callback, onlooker) => ({
    batchCallbacks: [callback],
    callbacks: [onlooker],
  }));
}

/** What every `EpochCallback` must do, as {@link trainerCallbackContract} has it. */
export function epochCallbackContract(runner: TestRunner, subject: CallbackSubject<EpochCallback>): void {
  callbackContract(runner, subject, 'epoch callback', (callback, onlooker) => ({
    epochCallbacks: [callback],
    callbacks: [onlooker],
  }));
}

function callbackContract<C extends Partial<Stateful>>(
  runner: TestRunner,
  { name, make }: CallbackSubject<C>,
  kind: string,
  options: (callback: C, onlooker: TrainerCallback) => Options,
): void {
  const { describe, it } = leakFree(runner);

  /** Trains with a callback; what it holds afterwards is its own business until it is garbage. */
  async function train(
    folder: string,
    callback: C,
    more: Options = {},
    onlooker = new Onlooker(),
  ): Promise<TrainingMetrics> {
    return trainTinyRegression({ ...options(callback, onlooker), serializationDir: folder, ...more });
  }

  describe(`${name}: ${kind}`, () => {
    it('takes part in a run from its start to its end', () =>
      inTemporaryFolder(async (folder) => {
        const metrics = await train(folder, await make(folder));
        assert.equal(typeof metrics['training_loss'], 'number');
      }));

    it('takes part in a run without a folder, without validation and without checkpoints', () =>
      inTemporaryFolder(async (folder) => {
        await train(folder, await make(folder), {
          serializationDir: null,
          checkpointer: null,
          validationDataLoader: null,
        });
      }));

    it('takes part in steps of several micro-batches, with bounded gradients', () =>
      inTemporaryFolder(async (folder) => {
        await train(folder, await make(folder), { numGradientAccumulationSteps: 2, gradNorm: 0.5, gradClipping: 0.3 });
      }));

    it('takes part in runs by the rules of either original', () =>
      inTemporaryFolder(async (folder) => {
        for (const compatibility of ['allennlp-1', 'allennlp-2'] as const) {
          await train(folder, await make(folder), { compatibility });
        }
      }));

    it('takes part on a worker that is not the master', () =>
      inTemporaryFolder(async (folder) => {
        await train(folder, await make(folder), { localRank: 1, checkpointer: null });
      }));

    it('leaves inputs, outputs and gradients alone, of steps and of evaluated batches', () =>
      inTemporaryFolder(async (folder) => {
        const onlooker = new Onlooker();
        await train(folder, await make(folder), {}, onlooker);
        assert.ok(onlooker.steps > 0);
        assert.deepEqual(onlooker.disposed, []);
      }));

    it('does not hide why a run failed', () =>
      inTemporaryFolder(async (folder) => {
        const callback = await make(folder);
        const model = tinyRegression();
        const failing = {
          namedVariables: () => model.namedVariables(),
          forward: (...inputs: Parameters<typeof model.forward>) => {
            const { loss } = model.forward(...inputs);
            return { loss: tf.mul(loss!, Number.NaN) };
          },
        };
        try {
          const run = train(folder, callback, { model: failing });
          await assert.rejects(run, NonFiniteError);
        } finally {
          model.dispose();
        }
      }));

    it('has a state that a new one goes on from, if it has one', () =>
      inTemporaryFolder(async (folder) => {
        const callback = await make(folder);
        assert.equal(
          callback.stateDict === undefined,
          callback.loadStateDict === undefined,
          'both methods, or neither',
        );
        if (!isStateful(callback)) return;
        await train(folder, callback);
        const other = (await make(folder)) as C & Stateful;
        const state = cloneState(callback.stateDict());
        const saved = await toHost(state);
        other.loadStateDict(state);
        disposeState(state);
        assert.deepEqual(await stateOf(other), saved);
        await train(folder, other);
        assert.deepEqual(await stateOf(callback), saved, 'the first one does not change with the second');
      }));
  });
}

function isStateful(callback: Partial<Stateful>): callback is Stateful {
  return callback.stateDict !== undefined && callback.loadStateDict !== undefined;
}

function stateOf(callback: Stateful): Promise<HostValue> {
  return toHost(callback.stateDict());
}

/** Comes after the callback under test, and looks whether everything is still there. */
class Onlooker extends TrainerCallback {
  steps = 0;
  /** What was gone. */
  readonly disposed: string[] = [];

  override onGradients(
    _: TrainerView,
    { gradients }: { readonly gradients: Readonly<Record<string, tf.Tensor>> },
  ): void {
    this.look('gradients', Object.values(gradients));
  }

  override onStepEnd(_: TrainerView, { batchInputs, batchOutputs }: StepEvent): void {
    this.steps += 1;
    this.look('inputs', batchInputs.flatMap(tensorsIn));
    this.look(
      'outputs',
      batchOutputs.flatMap((outputs) => Object.values(outputs)),
    );
  }

  override onEvaluateBatch(_: TrainerView, { batch, outputs }: EvaluateBatchEvent): void {
    this.look('evaluated inputs', tensorsIn(batch));
    this.look('evaluated outputs', Object.values(outputs));
  }

  private look(what: string, tensors: readonly tf.Tensor[]): void {
    if (tensors.some(({ isDisposed }) => isDisposed)) this.disposed.push(what);
  }
}
