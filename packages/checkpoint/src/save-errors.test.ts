import '@tensorflow/tfjs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import {
  CheckpointError,
  GradientDescentTrainer,
  Optimizer,
  ParameterSet,
  TrainerCallback,
  withLog,
} from '@x/trainer-core';
import type { Batch, ModelLike, Outputs, RuleInput, RuleOutput } from '@x/trainer-core';

import { DefaultCheckpointer } from './default-checkpointer.js';
import { nodeFileSystem } from './file-system.js';
import type { FileSystem } from './file-system.js';
import { LocalStore } from './local-store.js';

/** w = w - gradient. */
class Descent extends Optimizer {
  override initialSlots(): Record<string, number> {
    return {};
  }
  override coefficients(): Record<string, number> {
    return {};
  }
  override update({ parameter, gradient }: RuleInput): RuleOutput {
    return { parameter: tf.sub(parameter, gradient), slots: {} };
  }
}

/** loss = w, from 100 down by 1 in each step. */
class Falling implements ModelLike {
  readonly w = tf.tidy(() => tf.variable(tf.scalar(100)));

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w };
  }

  forward(_: Batch): Outputs {
    return { loss: tf.mul(this.w, 1) };
  }
}

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'save-errors-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A disk that takes nothing of a later epoch than the first, if there is an error code. */
function diskThat(code: string | null): FileSystem {
  return {
    ...nodeFileSystem,
    async open(path, flags) {
      if (flags === 'w' && code !== null && /epoch_[12]/.test(path)) {
        throw Object.assign(new Error(`${code}: refused, open '${path}'`), { code });
      }
      return nodeFileSystem.open(path, flags);
    },
  };
}

interface Run {
  readonly trainer: GradientDescentTrainer;
  readonly error: unknown;
  readonly weight: number;
  readonly seen: readonly string[];
  readonly warnings: readonly string[];
}

/** Three epochs of two steps, saved after each. */
async function run(onSaveError: 'stop' | 'continue', code: string | null): Promise<Run> {
  const model = new Falling();
  const seen: string[] = [];
  class Sees extends TrainerCallback {
    override onError(): void {
      seen.push('onError');
    }
    override onRunEnd(): void {
      seen.push('onRunEnd');
    }
  }
  const files = diskThat(code);
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new Descent({}, ParameterSet.of(model.namedVariables())),
    dataLoader: [{}, {}],
    validationDataLoader: [{}],
    numEpochs: 3,
    checkpointer: new DefaultCheckpointer({ onSaveError, store: new LocalStore({ folder }, null, undefined, files) }),
    callbacks: [new Sees()],
  });
  const warnings: string[] = [];
  const error: unknown = await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
    trainer.train().then(
      () => null,
      (caught: unknown) => caught,
    ),
  );
  return { trainer, error, weight: model.w.dataSync()[0]!, seen, warnings };
}

describe.each(['ENOSPC', 'EACCES', 'EROFS', 'EIO'])('%s while a checkpoint is saved:', (code) => {
  it('stop ends the run with the error, and the same run goes on from the older checkpoint later', async () => {
    const { error, seen, trainer } = await run('stop', code);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toContain(code);
    expect(seen).toEqual(['onError', 'onRunEnd']);
    expect(trainer.epoch).toBeLessThan(3);

    const recovered = await run('stop', null);
    expect(recovered.error).toBeNull();
    expect(recovered.trainer.batchNumTotal).toBe(6);
    expect(recovered.weight).toBe(100 - 6);
  });

  it('continue trains on with one warning, and keeps the older checkpoint', async () => {
    const { error, seen, trainer, warnings } = await run('continue', code);
    expect(error).toBeNull();
    expect(seen).toEqual(['onRunEnd']);
    expect(trainer.batchNumTotal).toBe(6);
    const unsaved = warnings.filter((text) => text.includes('was not saved, and training goes on'));
    expect(unsaved).toEqual([expect.stringContaining(code)]);
    // the best weights that could be saved are those of the first epoch
    const kept = await new DefaultCheckpointer({}, folder).restoreCheckpoint();
    expect((kept!.modelState['w'] as tf.Tensor).dataSync()[0]).toBe(100 - 2);
    tf.dispose(kept as unknown as tf.TensorContainer);
  });
});

describe('the room for checkpoints', () => {
  /** A checkpoint of 1000 bytes, and so much room. */
  async function checked(free: number | null, onSaveError: 'stop' | 'continue' = 'stop'): Promise<string[]> {
    const { freeBytes: _, ...silent } = nodeFileSystem;
    const files: FileSystem = free === null ? silent : { ...silent, freeBytes: async () => free };
    const store = new LocalStore({ folder }, null, undefined, files);
    const warnings: string[] = [];
    await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
      new DefaultCheckpointer({ store, onSaveError }).checkSpace(1000),
    );
    return warnings;
  }

  it.each([[2000], [null]])('of %p is fine', async (free) => {
    expect(await checked(free)).toEqual([]);
  });

  it('for less than two is warned of, with both numbers and what to do', async () => {
    expect(await checked(1999)).toEqual([
      expect.stringMatching(/takes about 1000 bytes, and 1999 are free .* less than two.*: make room/),
    ]);
  });

  it('for not even one is an error before anything is trained, or a warning where saving may fail', async () => {
    await expect(checked(999)).rejects.toMatchObject({ code: 'X_CHECKPOINT_NO_SPACE' });
    await expect(checked(999)).rejects.toThrow(/takes about 1000 bytes, and 999 are free .*make room/);
    expect(await checked(999, 'continue')).toEqual([expect.stringContaining('999 are free')]);
  });

  it('is looked at by a run before its first step', async () => {
    const model = new Falling();
    const files: FileSystem = { ...nodeFileSystem, freeBytes: async () => 3 };
    const trainer = new GradientDescentTrainer({
      model,
      optimizer: new Descent({}, ParameterSet.of(model.namedVariables())),
      dataLoader: [{}],
      checkpointer: new DefaultCheckpointer({ store: new LocalStore({ folder }, null, undefined, files) }),
    });
    // one float32
    await expect(trainer.train()).rejects.toThrow('about 4 bytes, and 3 are free');
    expect(model.w.dataSync()[0]).toBe(100);
  });
});
