import '@tensorflow/tfjs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import type { Checkpointable, CheckpointPosition, RestoredCheckpoint } from '@x/trainer-core';
import {
  Checkpointer,
  CheckpointError,
  CheckpointState,
  component,
  disposeState,
  Registry,
  RunContainer,
  SerializationDir,
  withLog,
  withRegistry,
} from '@x/trainer-core';

import golden from './__fixtures__/allennlp-1.0.0.json' with { type: 'json' };
import { Clock, DefaultCheckpointer } from './default-checkpointer.js';
import { LocalStore } from './local-store.js';
import plugin from './plugin.js';
import { writeWeights } from './weights.js';

/** A run of which only one number matters. */
class FakeRun implements Checkpointable {
  constructor(public value: number) {}

  getCheckpointState(): CheckpointState {
    return new CheckpointState(
      { w: tf.tensor1d([this.value, this.value]) },
      { value: this.value, best: -Infinity, optimizer: { 'w.1': { expAvg: tf.scalar(this.value / 2) } } },
    );
  }
}

/** What it saves is on disk at once. */
class SavingAtOnce extends DefaultCheckpointer {
  override async saveCheckpoint(...save: Parameters<DefaultCheckpointer['saveCheckpoint']>): Promise<void> {
    await super.saveCheckpoint(...save);
    await this.flush();
  }
}

const endOf = (epoch: number): CheckpointPosition => ({ epoch, batchesThisEpoch: 0, batchNumTotal: 100 * (epoch + 1) });
const within = (epoch: number, step: number): CheckpointPosition => ({
  epoch,
  batchesThisEpoch: step,
  batchNumTotal: 100 * epoch + step,
});

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'checkpointer-'))));
afterEach(() => rm(folder, { recursive: true }));

async function stored(): Promise<string[]> {
  return (await readdir(join(folder, 'checkpoints')).catch(() => [])).sort();
}

/** What `latest.json` or `best.json` names. */
async function pointer(name: string): Promise<string | null> {
  const text = await readFile(join(folder, `${name}.json`), 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { checkpoint?: string }).checkpoint ?? null;
}

/** The number in a checkpoint, after a look at all of its parts. */
function valueOf(restored: RestoredCheckpoint | null): number | null {
  if (restored === null) return null;
  const { modelState, trainingState } = restored;
  const optimizer = trainingState['optimizer'] as { 'w.1': { expAvg: tf.Tensor } };
  const value = trainingState['value'] as number;
  expect(modelState['w']!.arraySync()).toEqual([value, value]);
  expect(optimizer['w.1'].expAvg.arraySync()).toBe(value / 2);
  expect(trainingState['best']).toBe(-Infinity);
  tf.dispose(modelState);
  disposeState(trainingState);
  return value;
}

async function newest(): Promise<number | null> {
  return valueOf(await new SavingAtOnce({}, folder).restoreCheckpoint());
}

/** What is warned of while something runs. */
async function warningsOf(run: () => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = [];
  await withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, run);
  return warnings;
}

describe('what the original does', () => {
  interface Operation {
    readonly op: string;
    readonly epoch: number;
    readonly batch?: number;
    readonly advance: number;
    readonly best?: boolean;
  }

  // every other case is also run with a new process before each operation, which the original would not survive
  const cases = golden.cases.flatMap((entry) => [
    { ...entry, restarts: false },
    { ...entry, restarts: true },
  ]);

  test.each(cases.filter(({ name, restarts }) => !restarts || !name.startsWith('model_save')))(
    '$name (restarts: $restarts)',
    async ({ options, operations, after, restarts }) => {
      let time = 1_600_000_000_000;
      const make = (): Checkpointer => new SavingAtOnce(options, folder, () => time);
      let checkpointer = make();
      for (const [i, { op, epoch, batch, advance, best }] of (operations as Operation[]).entries()) {
        // the first process lives until it has saved: before that there is nothing to remember its start by
        if (restarts && i > 0) checkpointer = make();
        time += advance * 1000;
        if (op === 'save') await checkpointer.saveCheckpoint(new FakeRun(epoch), endOf(epoch), best ?? false);
        else await checkpointer.maybeSaveCheckpoint(new FakeRun(epoch), within(epoch, batch!));
        // the original lets go of these, too, and keeps a copy of the best weights instead
        const done = (operations as Operation[]).slice(0, i + 1);
        const bestSoFar = done.findLast((each) => each.best === true)?.epoch;
        const named = bestSoFar === undefined ? [] : [`epoch_${bestSoFar}`];
        const newestOne = options.numSerializedModelsToKeep === 0 ? [`epoch_${epoch}`] : [];
        expect(await stored()).toEqual([...new Set([...after[i]!.checkpoints, ...named, ...newestOne])].sort());
        expect(await pointer('best')).toBe(after[i]!.best ? `checkpoints/${named[0]}` : null);
      }
    },
  );
});

describe('saving and restoring', () => {
  test('there is nothing before the first save', async () => {
    const checkpointer = new SavingAtOnce({}, folder);
    expect(await checkpointer.restoreCheckpoint()).toBeNull();
    expect(await checkpointer.bestModelState()).toBeNull();
  });

  test('a checkpoint has the weights, the training state and a manifest in a folder of its own', async () => {
    await new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(5), endOf(0));
    expect((await readdir(folder)).sort()).toEqual(['checkpoints', 'latest.json']);
    expect(await pointer('latest')).toBe('checkpoints/epoch_0');
    expect((await readdir(join(folder, 'checkpoints', 'epoch_0'))).sort()).toEqual([
      'manifest.json',
      'model_state.safetensors',
      'training_state.json',
      'training_state.safetensors',
    ]);
    expect(await newest()).toBe(5);
  });

  test('the best weights stay those of the last best save', async () => {
    const checkpointer = new SavingAtOnce({}, folder);
    await checkpointer.saveCheckpoint(new FakeRun(1), endOf(0), true);
    await checkpointer.saveCheckpoint(new FakeRun(2), endOf(1), false);
    const best = await checkpointer.bestModelState();
    expect(best!['w']!.arraySync()).toEqual([1, 1]);
    tf.dispose(best!);
  });

  test('saves every so many steps of an epoch, by their number and not by what this process has seen', async () => {
    const make = (): Checkpointer =>
      new SavingAtOnce({ saveEveryNumBatches: 2, numSerializedModelsToKeep: null }, folder);
    for (const step of [1, 2, 3]) await make().maybeSaveCheckpoint(new FakeRun(step), within(0, step));
    const one = make();
    for (const step of [3, 4, 5]) await one.maybeSaveCheckpoint(new FakeRun(step), within(1, step));
    expect(await stored()).toEqual(['epoch_0_step_2', 'epoch_1_step_4']);
  });

  test('may save at the end of the best epochs alone', async () => {
    const checkpointer = new SavingAtOnce({ saveCompletedEpochs: false, saveEveryNumBatches: 3 }, folder);
    await checkpointer.maybeSaveCheckpoint(new FakeRun(1), within(0, 3));
    await checkpointer.saveCheckpoint(new FakeRun(2), endOf(0), true);
    await checkpointer.saveCheckpoint(new FakeRun(3), endOf(1), false);
    expect(await stored()).toEqual(['epoch_0', 'epoch_0_step_3']);
    const best = await checkpointer.bestModelState();
    expect(best!['w']!.arraySync()).toEqual([2, 2]);
    tf.dispose(best!);
  });

  test('keeps what is young besides the newest ones', async () => {
    let time = 0;
    const options = { numSerializedModelsToKeep: 1, keepMostRecentByAge: 15 };
    const checkpointer = new SavingAtOnce(options, folder, () => time);
    for (const [epoch, seconds] of [0, 10, 20, 100].entries()) {
      time = seconds * 1000;
      await checkpointer.saveCheckpoint(new FakeRun(epoch), endOf(epoch));
      if (epoch === 2) expect(await stored()).toEqual(['epoch_1', 'epoch_2']);
    }
    expect(await stored()).toEqual(['epoch_3']);
  });

  test('the end of an epoch is newer than a step in it, whatever was written last', async () => {
    const checkpointer = new SavingAtOnce({ numSerializedModelsToKeep: null }, folder);
    await checkpointer.saveCheckpoint(new FakeRun(2), endOf(1));
    await checkpointer.saveCheckpoint(new FakeRun(1), within(1, 99));
    expect(await newest()).toBe(2);
    await checkpointer.saveCheckpoint(new FakeRun(3), within(2, 1));
    expect(await newest()).toBe(3);
  });

  test('saves at one moment do not overwrite each other', async () => {
    const checkpointer = new SavingAtOnce({ modelSaveInterval: 0 }, folder, () => 1_600_000_000_000);
    for (const step of [1, 2, 3, 4]) await checkpointer.maybeSaveCheckpoint(new FakeRun(step), within(0, step));
    expect(await stored()).toEqual(['epoch_0_step_3', 'epoch_0_step_4']);
    expect(await newest()).toBe(4);
  });

  test('saving a position again replaces it', async () => {
    const checkpointer = new SavingAtOnce({}, folder);
    for (const value of [1, 2, 3]) {
      await checkpointer.saveCheckpoint(new FakeRun(value), endOf(0));
      expect(await stored()).toHaveLength(1);
      expect(await newest()).toBe(value);
    }
  });

  test('24 hours of steps are saved once an hour', async () => {
    let time = 0;
    const checkpointer = new SavingAtOnce(
      { modelSaveInterval: 3600, numSerializedModelsToKeep: 1 },
      folder,
      () => time,
    );
    let saves = 0;
    for (let step = 1; step <= 24 * 60; step += 1) {
      time += 60_000;
      if (await checkpointer.maybeSaveCheckpoint(new FakeRun(step), within(0, step))) saves += 1;
    }
    expect(saves).toBe(24);
  });

  test('without a folder nothing happens', async () => {
    const checkpointer = new SavingAtOnce({ modelSaveInterval: 0 }, null);
    const never: Checkpointable = { getCheckpointState: () => expect(true).toBe(false) as never };
    await checkpointer.saveCheckpoint(never, endOf(0), true);
    expect(await checkpointer.maybeSaveCheckpoint(never, within(0, 1))).toBe(false);
    expect(await checkpointer.restoreCheckpoint()).toBeNull();
    expect(await checkpointer.bestModelState()).toBeNull();
  });

  test('no tensor is left behind, also by saves that fail', async () => {
    const checkpointer = new SavingAtOnce({}, folder);
    const before = tf.memory().numTensors;
    await checkpointer.saveCheckpoint(new FakeRun(1), endOf(0), true);
    expect(await newest()).toBe(1);
    tf.dispose((await checkpointer.bestModelState())!);
    const unsavable = { getCheckpointState: () => new CheckpointState({ w: tf.tensor(['text']) }, {}) };
    await expect(checkpointer.saveCheckpoint(unsavable, endOf(1))).rejects.toBeInstanceOf(CheckpointError);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('who reads while another process trains', () => {
  /** Before it gives the weights of the first checkpoint, another process saves two, and lets that one go. */
  class Overtaken extends LocalStore {
    override async get(path: string, options?: Parameters<LocalStore['get']>[1]): Promise<Uint8Array> {
      if (path === 'checkpoints/epoch_0/model_state.safetensors') {
        const other = new SavingAtOnce({ numSerializedModelsToKeep: 1 }, folder);
        for (const epoch of [1, 2]) await other.saveCheckpoint(new FakeRun(epoch), endOf(epoch), true);
      }
      return super.get(path, options);
    }
  }

  test('gets the newest checkpoint, and the best, although those it was at are removed', async () => {
    const first = (): Promise<void> => new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(0), endOf(0), true);
    const reader = new SavingAtOnce({ store: new Overtaken({}, folder) });
    await first();
    expect(await warningsOf(async () => expect(valueOf(await reader.restoreCheckpoint())).toBe(2))).toEqual([]);
    await rm(folder, { recursive: true });
    await first();
    const best = await reader.bestModelState();
    expect(best!['w']!.arraySync()).toEqual([2, 2]);
    tf.dispose(best!);
  });
});

describe('files that are not ours', () => {
  test('are never removed', async () => {
    await mkdir(join(folder, 'checkpoints', 'epoch_0'), { recursive: true });
    await mkdir(join(folder, 'checkpoints', 'epoch_0.bak'), { recursive: true });
    await writeFile(join(folder, 'checkpoints', 'epoch_0', 'notes.txt'), 'mine');
    await writeFile(join(folder, 'checkpoints', 'epoch_0.bak', 'manifest.json'), 'mine');
    await writeFile(join(folder, 'model_state_epoch_0.th'), 'mine');
    const checkpointer = new SavingAtOnce({ numSerializedModelsToKeep: 1 }, folder);
    for (const epoch of [0, 1, 2]) await checkpointer.saveCheckpoint(new FakeRun(epoch), endOf(epoch));
    expect(await stored()).toEqual(['epoch_0', 'epoch_0.bak', 'epoch_2']);
    expect(await readdir(join(folder, 'checkpoints', 'epoch_0'))).toEqual(['notes.txt']);
    expect(await readFile(join(folder, 'model_state_epoch_0.th'), 'utf8')).toBe('mine');
  });
});

describe('damage', () => {
  async function saveTwo(): Promise<void> {
    const checkpointer = new SavingAtOnce({}, folder);
    await checkpointer.saveCheckpoint(new FakeRun(1), endOf(0));
    await checkpointer.saveCheckpoint(new FakeRun(2), endOf(1));
  }

  const files = ['manifest.json', 'model_state.safetensors', 'training_state.json', 'training_state.safetensors'];

  test.each(files)('a cut or a flipped bit anywhere in %s falls back, naming both checkpoints', async (name) => {
    await saveTwo();
    const path = join(folder, 'checkpoints', 'epoch_1', name);
    const whole = await readFile(path);
    const damage = [
      ...Array.from({ length: 16 }, (_, i) => whole.subarray(0, Math.floor((whole.length * i) / 16))),
      ...Array.from({ length: 16 }, (_, i) => {
        const flipped = Buffer.from(whole);
        // bit 6 turns white space in the manifest into a letter, which is noticed too
        flipped[Math.floor(((whole.length - 1) * i) / 16)]! ^= 64;
        return flipped;
      }),
    ];
    for (const bytes of damage) {
      await writeFile(path, bytes);
      const warnings = await warningsOf(async () => expect(await newest()).toBe(1));
      expect(warnings).toEqual([
        expect.stringMatching(/checkpoints\/epoch_1\/.* using the earlier checkpoint checkpoints\/epoch_0 /),
      ]);
    }
    await writeFile(path, whole);
    expect(await warningsOf(async () => expect(await newest()).toBe(2))).toEqual([]);
  });

  test('a missing file is damage, too', async () => {
    await saveTwo();
    await rm(join(folder, 'checkpoints', 'epoch_1', 'training_state.json'));
    const warnings = await warningsOf(async () => expect(await newest()).toBe(1));
    expect(warnings).toEqual([
      expect.stringContaining('checkpoints/epoch_1/training_state.json is damaged: it is missing'),
    ]);
  });

  test('if all are gone, and the pointer to the latest is not, training does not silently start again either', async () => {
    await saveTwo();
    await rm(join(folder, 'checkpoints'), { recursive: true });
    await expect(newest()).rejects.toMatchObject({
      code: 'X_CHECKPOINT_CORRUPT',
      message: expect.stringMatching(/epoch_1 is damaged: latest.json names it, and it is missing.*Bring back a copy/),
    });
  });

  test('if no checkpoint is whole, training does not silently start again', async () => {
    await saveTwo();
    for (const name of ['epoch_0', 'epoch_1'])
      await writeFile(join(folder, 'checkpoints', name, 'training_state.json'), '{}');
    await expect(newest()).rejects.toMatchObject({
      code: 'X_CHECKPOINT_CORRUPT',
      message: expect.stringMatching(
        /epoch_1\/training_state.json is damaged.*epoch_0\/training_state.json is damaged/,
      ),
    });
  });

  test('a damaged checkpoint does not count among those that are kept, and goes when its position is saved again', async () => {
    await saveTwo();
    await writeFile(join(folder, 'checkpoints', 'epoch_1', 'training_state.json'), '{}');
    const resumed = new SavingAtOnce({ numSerializedModelsToKeep: 1 }, folder);
    await warningsOf(async () => expect(valueOf(await resumed.restoreCheckpoint())).toBe(1));
    await resumed.saveCheckpoint(new FakeRun(1.5), within(1, 50));
    expect(await stored()).toEqual(['epoch_1', 'epoch_1_step_50']);
    await resumed.saveCheckpoint(new FakeRun(2), endOf(1));
    expect(await stored()).toEqual(['epoch_1.2']);
    expect(await newest()).toBe(2);
  });

  test('it stays distrusted, whoever carries out the next saves', async () => {
    await saveTwo();
    await writeFile(join(folder, 'checkpoints', 'epoch_1', 'training_state.json'), '{}');
    const resumed = new SavingAtOnce({}, folder);
    await warningsOf(async () => expect(valueOf(await resumed.restoreCheckpoint())).toBe(1));
    // each of them is flushed, so each is carried out by another archive
    for (const step of [50, 51]) await resumed.saveCheckpoint(new FakeRun(step), within(1, step));
    expect(await pointer('latest')).toBe('checkpoints/epoch_1_step_51');
  });

  test('until it is read again and found whole', async () => {
    await saveTwo();
    const file = join(folder, 'checkpoints', 'epoch_1', 'training_state.json');
    const whole = await readFile(file);
    await writeFile(file, '{}');
    const resumed = new SavingAtOnce({}, folder);
    await warningsOf(async () => expect(valueOf(await resumed.restoreCheckpoint())).toBe(1));
    await writeFile(file, whole);
    expect(valueOf(await resumed.restoreCheckpoint())).toBe(2);
    await resumed.saveCheckpoint(new FakeRun(50), within(1, 50));
    expect(await pointer('latest')).toBe('checkpoints/epoch_1');
  });

  test.each([...files.slice(0, 2), '../../best.json'])(
    'damaged best weights are an error that names %s and says what to do',
    async (name) => {
      await saveTwo();
      await new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(3), endOf(2), true);
      await writeFile(join(folder, 'checkpoints', 'epoch_2', name), 'junk');
      const error = await new SavingAtOnce({}, folder).bestModelState().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'X_CHECKPOINT_CORRUPT' });
      expect((error as Error).message).toContain(name.replace('../../', ''));
      expect((error as Error).message).toMatch(/write the (folder|one) of/);
    },
  );

  describe('of a pointer', () => {
    const damages = ['', 'junk', '{"checkpoint":"elsewhere"}', 'x'.repeat(2 ** 20 + 1)];

    test.each(damages.map((damage) => [damage.slice(0, 30), damage]))(
      'does not keep a checkpoint from being saved, and is made good: "%s"',
      async (_, damage) => {
        await new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(1), endOf(0), true);
        for (const name of ['best.json', 'latest.json']) await writeFile(join(folder, name), damage);
        const warnings = await warningsOf(() => new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(2), endOf(1)));
        expect(warnings).toEqual([expect.stringMatching(/best\.json.* names checkpoints\/epoch_0 instead/)]);
        expect(await pointer('best')).toBe('checkpoints/epoch_0');
        expect(await pointer('latest')).toBe('checkpoints/epoch_1');
      },
    );

    test('is made good by a run that saves nothing, too', async () => {
      await new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(1), endOf(0), true);
      await writeFile(join(folder, 'best.json'), '');
      expect(await warningsOf(() => new SavingAtOnce({}, folder).flush())).toHaveLength(1);
      expect(await pointer('best')).toBe('checkpoints/epoch_0');
    });
  });

  test('a run that goes on from before its best checkpoint, which is damaged, has the best one that is left', async () => {
    const checkpointer = new SavingAtOnce({}, folder);
    for (const epoch of [0, 1]) await checkpointer.saveCheckpoint(new FakeRun(epoch), endOf(epoch), true);
    await writeFile(join(folder, 'checkpoints', 'epoch_1', 'training_state.json'), '{}');
    const resumed = new SavingAtOnce({}, folder);
    await warningsOf(async () => expect(valueOf(await resumed.restoreCheckpoint())).toBe(0));
    const warnings = await warningsOf(() => resumed.saveCheckpoint(new FakeRun(0.5), within(1, 50)));
    expect(warnings).toEqual([
      expect.stringMatching(
        /checkpoints\/epoch_1, is damaged or missing; best\.json names checkpoints\/epoch_0 instead/,
      ),
    ]);
    const best = await resumed.bestModelState();
    expect(best!['w']!.arraySync()).toEqual([0, 0]);
    tf.dispose(best!);
  });

  test('best weights may also be a file alone, which the pointer names', async () => {
    await writeWeights(join(folder, 'weights.safetensors'), { w: tf.tensor1d([4, 4]) });
    await writeFile(join(folder, 'best.json'), '{"weights":"weights.safetensors"}');
    const best = await new SavingAtOnce({}, folder).bestModelState();
    expect(best!['w']!.arraySync()).toEqual([4, 4]);
    tf.dispose(best!);
  });

  test('a checkpoint without its manifest does not exist, and is cleared away by the next save', async () => {
    await saveTwo();
    await rename(join(folder, 'checkpoints', 'epoch_1'), join(folder, 'checkpoints', 'epoch_7'));
    await rm(join(folder, 'checkpoints', 'epoch_7', 'manifest.json'));
    expect(await warningsOf(async () => expect(await newest()).toBe(1))).toEqual([]);
    await new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(2), endOf(1));
    expect(await stored()).toEqual(['epoch_0', 'epoch_1']);
  });
});

describe('in a run', () => {
  test('it is the default checkpointer, with its folder, clock and store from the run', async () => {
    const registry = new Registry([plugin]);
    const run = new RunContainer(registry);
    let time = 0;
    run.provide(SerializationDir, folder);
    run.provide(Clock, () => time);
    const part = withRegistry(registry, () =>
      component(Checkpointer).parse({ modelSaveInterval: 10, store: { folder } }),
    );
    const checkpointer = run.build(part);
    expect(await checkpointer.maybeSaveCheckpoint(new FakeRun(1), within(0, 1))).toBe(false);
    time = 10_000;
    expect(await checkpointer.maybeSaveCheckpoint(new FakeRun(2), within(0, 2))).toBe(true);
    await checkpointer.flush();
    expect(await newest()).toBe(2);
  });

  test('options that do not exist are refused', () => {
    expect(() => new SavingAtOnce({ numSerialisedModelsToKeep: 3 } as never, folder)).toThrow(
      'did you mean "numSerializedModelsToKeep"?',
    );
  });
});

it('a run that begins anew with weights of an earlier one takes its place with the first save, and is found again', async () => {
  const earlier = new SavingAtOnce({}, folder);
  for (const epoch of [0, 1, 2]) await earlier.saveCheckpoint(new FakeRun(epoch), endOf(epoch), epoch < 2);
  const checkpointer = new SavingAtOnce({}, folder);
  expect(valueOf(await checkpointer.restoreCheckpoint())).toBe(2);
  checkpointer.beginAnew();
  expect(await checkpointer.bestModelState()).toBeNull();
  expect(await stored()).toEqual(['epoch_1', 'epoch_2']);

  await checkpointer.saveCheckpoint(new FakeRun(7), within(0, 5));
  expect(await stored()).toEqual(['epoch_0_step_5']);
  expect([await pointer('latest'), await pointer('best')]).toEqual(['checkpoints/epoch_0_step_5', null]);
  expect(await newest()).toBe(7);

  await checkpointer.saveCheckpoint(new FakeRun(8), endOf(0), true);
  expect(await stored()).toEqual(['epoch_0', 'epoch_0_step_5']);
  expect(await pointer('best')).toBe('checkpoints/epoch_0');
});

it('a run that begins anew keeps the earlier one until its first save is on disk', async () => {
  await new SavingAtOnce({}, folder).saveCheckpoint(new FakeRun(2), endOf(0), true);
  const checkpointer = new SavingAtOnce({}, folder);
  checkpointer.beginAnew();
  const fails: Checkpointable = {
    getCheckpointState() {
      throw new RangeError('no state');
    },
  };
  await expect(checkpointer.saveCheckpoint(fails, within(0, 1))).rejects.toThrow('no state');
  expect(await newest()).toBe(2);
  await checkpointer.saveCheckpoint(new FakeRun(3), endOf(0), true);
  expect(await stored()).toEqual(['epoch_0.2']);
});
