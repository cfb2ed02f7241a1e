import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { Checkpointable, Checkpointer, CheckpointPosition, RestoredCheckpoint, StateDict } from '@x/trainer-core';
import { CheckpointState, disposeState } from '@x/trainer-core';

import type { HostValue } from './host-values.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';
import { inTemporaryFolder } from './temporary-folder.js';

/** A checkpointer to be tested. */
export interface CheckpointerSubject {
  readonly name: string;
  /** Makes one that keeps its checkpoints in a folder; a second one for the same folder finds those of the first. */
  readonly make: (folder: string) => Checkpointer;
}

/** What every checkpointer must do: give back exactly what was saved, all of it or nothing. */
export function checkpointerContract(runner: TestRunner, { name, make }: CheckpointerSubject): void {
  const { describe, it } = leakFree(runner);

  describe(`${name}: checkpointer`, () => {
    it('has nothing before the first checkpoint', () =>
      inTemporaryFolder(async (folder) => {
        assert.equal(await make(folder).restoreCheckpoint(), null);
        assert.equal(await make(folder).bestModelState(), null);
      }));

    it('gives back every kind of state exactly: nested, special numbers, tensors of all types', () =>
      inTemporaryFolder(async (folder) => {
        const run = new ScriptedRun(1);
        await save(make(folder), run, endOf(0));
        assert.deepEqual(await contentOf(await make(folder).restoreCheckpoint()), await run.content());
      }));

    it('gives back tensors that are the caller’s, again and again', () =>
      inTemporaryFolder(async (folder) => {
        const checkpointer = make(folder);
        await save(checkpointer, new ScriptedRun(1), endOf(0), true);
        for (let i = 0; i < 2; i++) {
          assert.deepEqual(await contentOf(await checkpointer.restoreCheckpoint()), await new ScriptedRun(1).content());
          const best = (await checkpointer.bestModelState())!;
          assert.deepEqual(await toHost(best), (await new ScriptedRun(1).content()).modelState);
          tf.dispose(best);
        }
      }));

    it('gives back the newest checkpoint, also one in the middle of an epoch', () =>
      inTemporaryFolder(async (folder) => {
        const positions = [endOf(0), { epoch: 1, batchesThisEpoch: 3, batchNumTotal: 13 }, endOf(1)];
        for (const [i, position] of positions.entries()) {
          const run = new ScriptedRun(i);
          await save(make(folder), run, position);
          assert.deepEqual(await contentOf(await make(folder).restoreCheckpoint()), await run.content());
        }
      }));

    it('keeps the best weights until there are better ones', () =>
      inTemporaryFolder(async (folder) => {
        const best = async (): Promise<HostValue> => {
          const weights = await make(folder).bestModelState();
          const seen = await toHost(weights);
          tf.dispose(weights ?? []);
          return seen;
        };
        const weightsOf = async (value: number): Promise<HostValue> =>
          (await new ScriptedRun(value).content()).modelState;
        for (const [epoch, isBest] of [false, true, false, false, true].entries()) {
          await save(make(folder), new ScriptedRun(epoch), endOf(epoch), isBest);
          assert.deepEqual(
            await best(),
            epoch === 0 ? null : await weightsOf(epoch < 4 ? 1 : 4),
            `after epoch ${epoch}`,
          );
        }
      }));

    it('keeps the earlier checkpoint where a state cannot be had', () =>
      inTemporaryFolder(async (folder) => {
        const run = new ScriptedRun(1);
        await save(make(folder), run, endOf(0));
        const failing: Checkpointable = {
          getCheckpointState: () => {
            throw new RangeError('no state');
          },
        };
        await assert.rejects(save(make(folder), failing, endOf(1)), /no state/);
        assert.deepEqual(await contentOf(await make(folder).restoreCheckpoint()), await run.content());
      }));

    it('saves by its own rule whenever it says that it did', () =>
      inTemporaryFolder(async (folder) => {
        const run = new ScriptedRun(1);
        const checkpointer = make(folder);
        const saved = await checkpointer.maybeSaveCheckpoint(run, { epoch: 0, batchesThisEpoch: 1, batchNumTotal: 1 });
        await checkpointer.flush();
        const restored = await make(folder).restoreCheckpoint();
        assert.equal(restored !== null, saved);
        if (restored !== null) assert.deepEqual(await contentOf(restored), await run.content());
      }));

    it('tells what is on disk, once and in order, with the last flush at the latest', () =>
      inTemporaryFolder(async (folder) => {
        const checkpointer = make(folder);
        const told = [];
        for (const epoch of [0, 1, 2]) {
          await checkpointer.saveCheckpoint(new ScriptedRun(epoch), endOf(epoch), epoch === 1);
          told.push(...checkpointer.takeAcknowledged());
        }
        await checkpointer.flush();
        told.push(...checkpointer.takeAcknowledged());
        assert.deepEqual(
          told,
          [0, 1, 2].map((epoch) => ({ ...endOf(epoch), isBestSoFar: epoch === 1 })),
        );
        assert.deepEqual(checkpointer.takeAcknowledged(), []);
      }));

    it('may be flushed again and again, also without any save, and saves on afterwards', () =>
      inTemporaryFolder(async (folder) => {
        const checkpointer = make(folder);
        await checkpointer.flush();
        for (const epoch of [0, 1]) await save(checkpointer, new ScriptedRun(epoch), endOf(epoch));
        await checkpointer.flush();
        assert.deepEqual(await contentOf(await make(folder).restoreCheckpoint()), await new ScriptedRun(1).content());
      }));

    it('leaves nothing of a run in what it saves: the run may change as soon as the save resolves', () =>
      inTemporaryFolder(async (folder) => {
        const checkpointer = make(folder);
        const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
        const run = { getCheckpointState: () => new CheckpointState({ w: tf.clone(weight) }, {}) };
        await checkpointer.saveCheckpoint(run, endOf(0));
        tf.tidy(() => weight.assign(tf.tensor1d([3, 4])));
        await checkpointer.flush();
        const { modelState } = (await make(folder).restoreCheckpoint())!;
        assert.deepEqual([...(await modelState['w']!.data())], [1, 2]);
        tf.dispose([modelState, weight]);
      }));
  });
}

/** Saves, and waits until that is on disk. */
async function save(checkpointer: Checkpointer, ...args: Parameters<Checkpointer['saveCheckpoint']>): Promise<void> {
  await checkpointer.saveCheckpoint(...args);
  await checkpointer.flush();
}

/** The end of an epoch of ten steps. */
const endOf = (epoch: number): CheckpointPosition => ({ epoch, batchesThisEpoch: 0, batchNumTotal: 10 * (epoch + 1) });

interface Content {
  readonly modelState: HostValue;
  readonly trainingState: HostValue;
}

/** A run with a bit of everything that a state may hold. */
class ScriptedRun implements Checkpointable {
  constructor(private readonly value: number) {}

  getCheckpointState(): CheckpointState {
    const { value } = this;
    return new CheckpointState(
      {
        'encoder.weight': tf.tensor2d([
          [value, Number.NaN],
          [-0, 1e-38],
        ]),
        'encoder.bias': tf.tensor1d([value]),
      },
      {
        numbers: { value, third: 1 / 3, large: 2 ** 53, nan: Number.NaN, worst: Infinity, best: -Infinity, zero: -0 },
        others: { nothing: null, yes: true, no: false, text: 'ü "quoted"\n', empty: '', none: [], record: {} },
        'dotted.key/with~signs': { $key: [1, [2, { deep: [null, Infinity] }]] },
        tensors: {
          float: tf.tensor1d([Infinity, -Infinity, value]),
          int: tf.tensor2d([[2 ** 31 - 1, -(2 ** 31)]], [1, 2], 'int32'),
          bool: tf.tensor1d([true, false, true], 'bool'),
          scalar: tf.scalar(value),
          empty: tf.zeros([0, 3]),
          list: [tf.scalar(1), tf.scalar(2)],
        },
      } satisfies StateDict,
    );
  }

  async content(): Promise<Content> {
    const snapshot = this.getCheckpointState();
    try {
      return { modelState: await toHost(snapshot.modelState), trainingState: await toHost(snapshot.trainingState) };
    } finally {
      snapshot.dispose();
    }
  }
}

/** What a checkpoint holds. Its tensors are disposed. */
async function contentOf(restored: RestoredCheckpoint | null): Promise<Content | null> {
  if (restored === null) return null;
  const { modelState, trainingState } = restored;
  try {
    return { modelState: await toHost(modelState), trainingState: await toHost(trainingState) };
  } finally {
    disposeState(modelState);
    disposeState(trainingState);
  }
}
