import '@tensorflow/tfjs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import { temporaryFolder } from '@x/testing';
import type { TemporaryFolder } from '@x/testing';
import type { ModelLike } from '@x/trainer-core';
import { DataLoader, disposeBatch, inject, Model, Trainer, trainFromConfig, Vocabulary } from '@x/trainer-core';

import plugin from './index.js';

/** Knows from the vocabulary how many classes there are. */
@Model.register('classes')
class Classes extends Model {
  readonly weight: tf.Variable;

  constructor(_: object, @inject(Vocabulary) vocabulary: Vocabulary) {
    super();
    this.weight = tf.tidy(() => tf.variable(tf.zeros([vocabulary.size('tokens'), vocabulary.size('labels')])));
  }

  override namedVariables(): Record<string, tf.Variable> {
    return { weight: this.weight };
  }

  override dispose(): void {
    this.weight.dispose();
  }

  override forward(): { loss: tf.Scalar } {
    return { loss: tf.sum(this.weight) };
  }
}

const seen: unknown[] = [];

/** Looks at an epoch of data. */
@Trainer.register('reading')
class Reading extends Trainer {
  constructor(
    _: object,
    @inject(Model) readonly model: ModelLike,
    @inject(DataLoader) private readonly loader: DataLoader,
  ) {
    super();
  }

  override async train(): Promise<Record<string, number>> {
    for await (const batch of this.loader.epoch({ epoch: 0 })) {
      seen.push(Object.fromEntries(Object.entries(batch).map(([name, x]) => [name, [...(x as tf.Tensor).dataSync()]])));
      disposeBatch(batch);
    }
    return {};
  }

  override getCheckpointState(): never {
    throw new Error('has none');
  }
}

let folder: TemporaryFolder;
beforeEach(async () => {
  seen.length = 0;
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'train.jsonl'), '{"text":["a","b","b"],"label":"x"}\n{"text":["c"],"label":"y"}\n');
  await writeFile(join(folder.path, 'validation.jsonl'), '{"text":["d","c"],"label":"y"}\n');
});
afterEach(() => folder.remove());

const train = async (config: object): Promise<{ readonly shape: number[] }> => {
  const result = await trainFromConfig(
    {
      dataset_reader: { type: 'jsonl', namespaces: { text: 'tokens', label: 'labels' } },
      train_data_path: 'train.jsonl',
      validation_data_path: 'validation.jsonl',
      data_loader: { batch_size: 2 },
      model: 'classes',
      trainer: 'reading',
      ...config,
    },
    { plugins: [plugin, Classes, Reading], configDir: folder.path, serializationDir: join(folder.path, 'run') },
  );
  const { shape } = result.model.namedVariables()['weight']!;
  result.dispose();
  return { shape };
};
const read = (path: string): Promise<string> => readFile(join(folder.path, path), 'utf8');

test('a run makes the vocabulary of all its data, for its model and its loaders, and saves it', async () => {
  const before = tf.memory().numTensors;
  expect(await train({})).toEqual({ shape: [6, 2] });
  expect(seen).toEqual([{ text: [4, 2, 2, 3, 0, 0], textMask: [1, 1, 1, 1, 0, 0], label: [1, 0] }]);
  expect(await read('run/vocabulary/tokens.txt')).toBe('@@UNKNOWN@@\nb\nc\na\nd\n');
  expect(await read('run/vocabulary/labels.txt')).toBe('y\nx\n');
  expect(tf.memory().numTensors).toBe(before);
});

test.each<[string, object, object]>([
  ['of chosen data', { datasets_for_vocab_creation: ['train'] }, { shape: [5, 2] }],
  ['with options', { vocabulary: { min_count: { tokens: 2 } } }, { shape: [4, 2] }],
  ['of files', { vocabulary: { type: 'from_files', directory: 'saved' } }, { shape: [3, 3] }],
  ['of files and data', { vocabulary: { type: 'extend', directory: 'saved' } }, { shape: [6, 3] }],
])('or one %s', async (_, config, shape) => {
  await mkdir(join(folder.path, 'saved'));
  await writeFile(join(folder.path, 'saved/non_padded_namespaces.txt'), '*labels\n');
  await writeFile(join(folder.path, 'saved/tokens.txt'), '@@UNKNOWN@@\na\n');
  await writeFile(join(folder.path, 'saved/labels.txt'), 'x\ny\nz\n');
  expect(await train(config)).toEqual(shape);
});

test('none is made where none is wanted, and nothing can be counted where the reader names nothing', async () => {
  await expect(train({ vocabulary: null })).rejects.toThrow(/vocabulary/);
  const url = { pretrained_files: { tokens: 'https://x.org/glove.txt.gz' } };
  await expect(train({ vocabulary: url })).rejects.toThrow(/is a URL; download it/);
  await expect(train({ dataset_reader: 'jsonl', vocabulary: {} })).rejects.toThrow(/there is nothing to count/);
});

test('what is wrong with an instance says of which data set it is', async () => {
  await writeFile(join(folder.path, 'other.jsonl'), '{"text":["a"],"label":"z"}\n');
  const config = { datasets_for_vocab_creation: ['train'], validation_data_path: 'other.jsonl' };
  await expect(train(config)).rejects.toThrow(
    /^the validation data: instance 0: field "label": "z" is not in the vocabulary's namespace "labels"/,
  );
});
