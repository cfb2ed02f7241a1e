import '@tensorflow/tfjs';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import { LineModel, MemoryCheckpointer } from '../__fixtures__/small-run.js';
import { Vocabulary } from '../contracts/dataset.js';
import { Trainer } from '../contracts/trainer.js';
import { ConfigError } from '../errors.js';
import { component, withRegistry } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { Registry } from '../plugins/registry.js';
import { SerializationDir, TheModel } from '../plugins/run-tokens.js';
import { tokenOf } from '../plugins/tokens.js';
import { corePlugin } from '../plugin.js';
import { NoOpTrainer } from './no-op-trainer.js';

class OneWord extends Vocabulary {
  override indexOf(): number {
    return 0;
  }
  override tokenOf(): string {
    return 'word';
  }
  override size(): number {
    return 1;
  }
  override async save(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    writeFileSync(join(folder, 'tokens.txt'), 'word');
  }
}

const folder = mkdtempSync(join(tmpdir(), 'no-op-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('saves the vocabulary, and the model as it is as epoch 0 and as the best, and returns nothing', async () => {
  const model = new LineModel();
  const checkpointer = new MemoryCheckpointer();
  const trainer = new NoOpTrainer({ model, serializationDir: folder, checkpointer, vocabulary: new OneWord() });
  expect(await trainer.train()).toEqual({});
  expect(readFileSync(join(folder, 'vocabulary', 'tokens.txt'), 'utf8')).toBe('word');
  expect(checkpointer.positions).toEqual([{ epoch: 0, batchesThisEpoch: 0, batchNumTotal: 0, isBestSoFar: true }]);
  const best = await checkpointer.bestModelState();
  expect([...best!['w']!.dataSync()]).toEqual([0.5, -0.25]);
  tf.dispose(best!);
});

it('without a folder and a checkpointer it does nothing, and only the master writes', async () => {
  expect(await new NoOpTrainer({ model: new LineModel() }).train()).toEqual({});
  const checkpointer = new MemoryCheckpointer();
  await new NoOpTrainer({ model: new LineModel(), checkpointer, localRank: 1 }).train();
  expect(checkpointer.positions).toEqual([]);
});

it('a folder needs a checkpointer, or the word that nothing is saved', () => {
  const model = new LineModel();
  expect(() => new NoOpTrainer({ model, serializationDir: folder })).toThrow(ConfigError);
  expect(new NoOpTrainer({ model, serializationDir: folder, checkpointer: null }).serializationDir).toBe(folder);
});

it('a checkpointer that was given no place is refused, as by every trainer', () => {
  class Homeless extends MemoryCheckpointer {
    override get hasPlace(): boolean {
      return false;
    }
  }
  const options = { model: new LineModel(), serializationDir: folder, checkpointer: new Homeless() };
  expect(() => new NoOpTrainer(options)).toThrow(/built without a folder and without a store/);
});

it('is "no_op" in a config, and takes the model, the folder and the vocabulary of the run', async () => {
  const registry = new Registry([corePlugin]);
  const run = new RunContainer(registry);
  const place = join(folder, 'configured');
  run.provide(TheModel, new LineModel());
  run.provide(SerializationDir, place);
  run.provide(tokenOf(Vocabulary), new OneWord());
  const part = withRegistry(registry, () => component(Trainer).parse({ type: 'no_op', checkpointer: null }));
  await run.build(part).train();
  expect(existsSync(join(place, 'vocabulary', 'tokens.txt'))).toBe(true);
});
