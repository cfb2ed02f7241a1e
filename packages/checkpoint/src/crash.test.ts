import '@tensorflow/tfjs';

import * as tf from '@tensorflow/tfjs-core';
import type { Checkpointable, CheckpointPosition } from '@x/trainer-core';
import { CheckpointState, disposeState, withLog } from '@x/trainer-core';

import { DefaultCheckpointer } from './default-checkpointer.js';
import type { FileSystem, OpenFile } from './file-system.js';
import { LocalStore } from './local-store.js';
import { allDropped, allKept, fates, FaultyFileSystem, ModelFileSystem } from './testing.js';
import type { Fault } from './testing.js';

const ROOT = '/run';

const fakeRun = (value: number): Checkpointable => ({
  getCheckpointState: () =>
    new CheckpointState({ w: tf.tensor1d([value, value]) }, { value, moments: { w: tf.scalar(value / 2) } }),
});

const endOf = (epoch: number): CheckpointPosition => ({ epoch, batchesThisEpoch: 0, batchNumTotal: 10 * (epoch + 1) });

const checkpointerOn = (files: FileSystem): DefaultCheckpointer =>
  new DefaultCheckpointer({ store: new LocalStore({}, ROOT, undefined, files) });

/** Saves the end of an epoch as the best one, until it is on disk. The number that is saved is the epoch's. */
async function save(files: FileSystem, epoch: number): Promise<void> {
  const checkpointer = checkpointerOn(files);
  await checkpointer.saveCheckpoint(fakeRun(epoch), endOf(epoch), true);
  await checkpointer.flush();
}

/** The number in the newest checkpoint, after a look at all of its parts and at the best weights. Nothing is warned of. */
async function newest(files: FileSystem): Promise<number | null> {
  const warnings: string[] = [];
  const checkpointer = checkpointerOn(files);
  const [restored, best] = await withLog({ info: () => undefined, warn: (text) => warnings.push(text) }, async () => [
    await checkpointer.restoreCheckpoint(),
    await checkpointer.bestModelState(),
  ]);
  expect(warnings).toEqual([]);
  if (restored === null) return null;
  const value = restored.trainingState['value'] as number;
  const moments = restored.trainingState['moments'] as { readonly w: tf.Tensor };
  const found = [restored.modelState['w']!, moments.w, best!['w']!].map((tensor) => tensor.arraySync());
  tf.dispose([restored.modelState, best!]);
  disposeState(restored.trainingState);
  expect(found).toEqual([[value, value], value / 2, [value, value]]);
  return value;
}

/** A file system with two checkpoints, all of it durable. */
async function withTwoCheckpoints(): Promise<ModelFileSystem> {
  const files = new ModelFileSystem();
  await files.makeFolder(ROOT);
  for (const epoch of [1, 2]) await save(files, epoch);
  return copyOf(files);
}

const copyOf = (files: ModelFileSystem): ModelFileSystem => files.crash(files.moments, allKept);

/** A run that goes on from the remains of a save ends with the files of one that nothing disturbed. */
async function goesOn(remains: ModelFileSystem, undisturbed: readonly string[]): Promise<void> {
  for (const epoch of [3, 4]) await save(remains, epoch);
  expect(await newest(remains)).toBe(4);
  expect(remains.paths().map(withoutAttempt)).toEqual(expect.arrayContaining(undisturbed.map(withoutAttempt)));
  expect(remains.paths()).toHaveLength(undisturbed.length);
}

const withoutAttempt = (path: string): string => path.replace(/\.\d+(?=\/)/, '');

async function undisturbedPaths(template: ModelFileSystem): Promise<string[]> {
  const files = copyOf(template);
  for (const epoch of [3, 4]) await save(files, epoch);
  return files.paths();
}

test('a crash at any moment of a save leaves the old checkpoint or the new one', async () => {
  const template = await withTwoCheckpoints();
  const undisturbed = await undisturbedPaths(template);
  const files = copyOf(template);
  await save(files, 3);
  expect(files.moments).toBeGreaterThan(20);
  for (let moment = 0; moment <= files.moments; moment += 1) {
    for (const { make } of fates(1)) {
      const remains = files.crash(moment, make());
      expect(moment === files.moments ? [3] : [2, 3]).toContain(await newest(remains));
      await goesOn(remains, undisturbed);
    }
  }
});

test('an acknowledged save survives every crash, but not if files or folders are not synced', async () => {
  for (const files of [new ModelFileSystem(), new WithoutSync('w'), new WithoutSync('r')]) {
    await save(files, 3);
    const found = fates(3).map(({ make }) => newest(files.crash(files.moments, make())).catch(() => 'damaged'));
    const isSafe = (await Promise.all(found)).every((value) => value === 3);
    expect(isSafe).toBe(!(files instanceof WithoutSync));
  }
});

test('any call of a save may fail: it is reported once, and a checkpoint is there', async () => {
  const template = await withTwoCheckpoints();
  const undisturbed = await undisturbedPaths(template);
  const counting = new FaultyFileSystem(copyOf(template), null);
  await save(counting, 3);
  expect(counting.calls).toBeGreaterThan(40);
  for (let call = 1; call <= counting.calls; call += 1) {
    const files = copyOf(template);
    const fault = { call, code: CODES[call % 4]!, persistent: Math.floor(call / 4) % 2 === 0 };
    const { errors, warnings } = await reportsOf(files, fault);
    expect(errors.length + warnings.length).toBeLessThanOrEqual(1);
    expect(errors.length > 0 ? [2, 3] : [3]).toContain(await newest(files));
    // what was acknowledged is durable, although a call failed
    if (errors.length === 0) expect(await newest(files.crash(files.moments, allDropped))).toBe(3);
    await goesOn(files, undisturbed);
    expect(await newest(files.crash(files.moments, allDropped))).toBe(4);
  }
});

const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS'] as const;

/** What a save throws and warns of while calls fail. */
async function reportsOf(files: FileSystem, fault: Fault): Promise<Record<'errors' | 'warnings', unknown[]>> {
  const errors: unknown[] = [];
  const warnings: unknown[] = [];
  const checkpointer = checkpointerOn(new FaultyFileSystem(files, fault));
  const collect = (error: unknown): void => void errors.push(error);
  await withLog({ info: () => undefined, warn: (text) => warnings.push(text) }, async () => {
    await checkpointer.saveCheckpoint(fakeRun(3), endOf(3), true).catch(collect);
    // as a run does: where it saves, and again at its end
    await checkpointer.flush().catch(collect);
    await checkpointer.flush().catch(collect);
  });
  for (const error of errors) {
    expect(error).toMatchObject({ code: 'X_CHECKPOINT', message: expect.stringContaining(fault.code) });
  }
  return { errors, warnings };
}

/** A file system that leaves out the syncs of what was opened in one way. */
class WithoutSync extends ModelFileSystem {
  constructor(private readonly flags: 'w' | 'r') {
    super();
  }

  override async open(path: string, flags: 'w' | 'r'): Promise<OpenFile> {
    const file = await super.open(path, flags);
    return flags === this.flags ? { ...file, sync: async () => undefined } : file;
  }
}
