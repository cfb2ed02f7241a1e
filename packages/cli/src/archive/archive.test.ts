import '@tensorflow/tfjs';
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { bestWeightsIn, withLog } from '@x/trainer-core';
import { create, list } from 'tar';

import { CHECKPOINT, Workplace } from '../__fixtures__/in-process.js';
import { archiveModel } from './archive-model.js';
import { loadArchive } from './load-archive.js';

let at: Workplace;
let run: string;
let archive: string;
beforeAll(async () => {
  at = await Workplace.make();
  run = at.path('runs', 'line');
  archive = join(run, 'model.tar.gz');
  const config = await at.write('line.json', {
    plugins: ['./stub.js', CHECKPOINT],
    model: { type: 'line' },
    dataLoader: { type: 'two-points' },
    testDataLoader: { type: 'two-points' },
    trainer: { numEpochs: 2, optimizer: { type: 'plain' } },
    includeInArchive: ['metrics_epoch_?.json', 'model.tar.gz', 'config.json'],
  });
  expect(await at.xTrain(['train', config, '-s', run])).toMatchObject({ status: 0, err: '' });
});
afterAll(() => at.remove());

let tensors: number;
let temporary: readonly string[];
const temporaries = (): string[] => readdirSync(tmpdir()).filter((name) => /^x-train-[^/]{6}$/.test(name));
beforeEach(() => {
  tensors = tf.memory().numTensors;
  temporary = temporaries();
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
  expect(temporaries()).toEqual(temporary);
});

async function membersOf(file: string): Promise<string[]> {
  const members: string[] = [];
  await list({ file, onReadEntry: ({ path }) => members.push(path) });
  return members.sort();
}

/** w after two epochs on two points of y = 2 x: w <- w - 0.1 * 5 (w - 2), from 0, four times. */
const TRAINED_WEIGHT = 1.875;

async function weightOf(path: string, options: object = {}): Promise<number> {
  const { model, dispose } = await loadArchive(path, options);
  try {
    return (await model.namedVariables()['w']!.data())[0]!;
  } finally {
    dispose();
  }
}

describe('the archive of a run', () => {
  it('holds the config, the weights, where the run started and what the config includes', async () => {
    expect(await membersOf(archive)).toEqual([
      'config.json',
      'meta.json',
      'metrics_epoch_0.json',
      'metrics_epoch_1.json',
      'weights.safetensors',
    ]);
    expect(readdirSync(run).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('holds the vocabulary, and other files where they are asked for', async () => {
    await mkdir(at.path('copy', 'vocabulary'), { recursive: true });
    await mkdir(at.path('copy', '@notes', 'deep'), { recursive: true });
    const files = [
      'config.json',
      'other.safetensors',
      'vocabulary/tokens.txt',
      '@notes/deep/one.txt',
      '@two.txt',
      'left.txt',
    ];
    for (const name of files) await at.write(`copy/${name}`, name === 'config.json' ? {} : name);
    const archivePath = at.path('copy.tar.gz');
    const options = { archivePath, weights: 'other.safetensors', include: ['@notes', '@*.txt'] };
    expect(await archiveModel(at.path('copy'), options)).toBe(archivePath);
    expect(await membersOf(archivePath)).toEqual([
      './@notes/deep/one.txt',
      './@two.txt',
      'config.json',
      'vocabulary/',
      'vocabulary/tokens.txt',
      'weights.safetensors',
    ]);
  });

  it('is not written without weights, which is a warning', async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (message: string) => void warnings.push(message) };
    expect(await withLog(log, () => archiveModel(at.folder))).toBeNull();
    expect(warnings).toEqual([expect.stringContaining('no best.json')]);
  });

  it('is not replaced where it cannot be written', async () => {
    await mkdir(at.path('taken.tar.gz', 'x'), { recursive: true });
    await expect(archiveModel(run, { archivePath: at.path('taken.tar.gz') })).rejects.toMatchObject({
      code: 'X_USAGE',
    });
    expect(readdirSync(at.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('a model', () => {
  it('is loaded from the archive as from the folder', async () => {
    expect(await weightOf(archive)).toBeCloseTo(TRAINED_WEIGHT, 5);
    expect(await weightOf(run)).toBeCloseTo(TRAINED_WEIGHT, 5);
  });

  it('is loaded from an archive that was moved, with a config folder', async () => {
    const elsewhere = await at.write('far/far/away/model.tar.gz', readFileSync(archive).toString('latin1'));
    await writeFile(elsewhere, readFileSync(archive));
    await expect(weightOf(elsewhere)).rejects.toMatchObject({ code: 'X_PLUGIN_MISSING' });
    expect(await weightOf(elsewhere, { configDir: at.folder })).toBeCloseTo(TRAINED_WEIGHT, 5);
  });

  it('takes other weights', async () => {
    const other = at.path('runs', 'other');
    const args = ['train', at.path('line.json'), '-s', other, '-o', '{"trainer.numEpochs": 1}'];
    expect(await at.xTrain(args)).toMatchObject({ status: 0 });
    const weightsFile = join(other, bestWeightsIn(other)!);
    // w after two of the four steps
    expect(await weightOf(archive, { weightsFile })).toBeCloseTo(1.5, 5);
    expect(await weightOf(run, { weightsFile })).toBeCloseTo(1.5, 5);
    await expect(weightOf(run, { weightsFile: join(other, 'none') })).rejects.toMatchObject({ code: 'X_CHECKPOINT' });
  });

  it('has its latest weights in the folder of its run only', async () => {
    expect(await weightOf(run, { weights: 'latest' })).toBeCloseTo(TRAINED_WEIGHT, 5);
    await expect(weightOf(archive, { weights: 'latest' })).rejects.toMatchObject({ code: 'X_CHECKPOINT' });
  });

  it('whose config is changed badly is named by its archive', async () => {
    const source = join(archive, 'config.json');
    await expect(weightOf(archive, { overrides: { model: 'nothing' } })).rejects.toMatchObject({ source });
  });

  it('of a run that keeps its checkpoints elsewhere takes the weights of the archive', async () => {
    const kept = at.path('runs', 'kept');
    const store = { 'trainer.checkpointer': { type: 'default', store: { type: 'local', folder: './elsewhere' } } };
    const args = ['train', at.path('line.json'), '-s', kept, '-o', JSON.stringify(store)];
    expect(await at.xTrain(args)).toMatchObject({ status: 0, err: '' });
    expect(existsSync(join(kept, 'model.tar.gz'))).toBe(false);
    for (const name of ['best.json', 'checkpoints']) await rename(at.path('elsewhere', name), join(kept, name));
    await rm(at.path('elsewhere'), { recursive: true });
    expect(await weightOf((await archiveModel(kept))!)).toBeCloseTo(TRAINED_WEIGHT, 5);
  });

  it.each([['evaluate'], ['predict']])('is one for x-train %s', async (command) => {
    const fromFolder = await at.xTrain([command, run], '{"x":[3]}');
    expect(fromFolder).toMatchObject({ status: 0, err: '' });
    expect(await at.xTrain([command, archive], '{"x":[3]}')).toEqual(fromFolder);
  });
});

describe('an archive that is damaged or bad is one message', () => {
  const bad = async (
    members: (folder: string) => Promise<readonly string[]>,
    options: object = {},
  ): Promise<string> => {
    const folder = at.path('bad');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
    const file = at.path('bad.tar.gz');
    await create({ cwd: folder, file, gzip: true, ...options }, [...(await members(folder))]);
    return file;
  };

  it.each<[string, string, () => Promise<string>]>([
    [
      'cut off',
      'X_CHECKPOINT_CORRUPT',
      async () => {
        const file = await at.write('cut.tar.gz', '');
        await writeFile(file, readFileSync(archive));
        await truncate(file, 300);
        return file;
      },
    ],
    ['another file', 'X_CHECKPOINT_CORRUPT', () => at.write('text.tar.gz', 'no archive, but text that is long enough')],
    ['empty', 'X_CHECKPOINT_CORRUPT', () => at.write('empty.tar.gz', '')],
    [
      'with a link',
      'X_CHECKPOINT_CORRUPT',
      () =>
        bad(async (folder) => {
          symlinkSync('/etc/passwd', join(folder, 'config.json'));
          return ['config.json'];
        }),
    ],
    [
      'with a path that leads out',
      'X_CHECKPOINT_CORRUPT',
      () =>
        bad(
          async (folder) => {
            await writeFile(join(dirname(folder), 'outside.txt'), 'outside');
            return [`../${basename(at.path('outside.txt'))}`];
          },
          { preservePaths: true },
        ),
    ],
    [
      'without a config',
      'X_DIR_MISSING',
      () =>
        bad(async (folder) => {
          await writeFile(join(folder, 'weights.safetensors'), '');
          return ['weights.safetensors'];
        }),
    ],
    [
      'without weights',
      'X_CHECKPOINT',
      () =>
        bad(async (folder) => {
          await writeFile(join(folder, 'config.json'), '{}');
          return ['config.json'];
        }),
    ],
    ['not there', 'X_DIR_MISSING', async () => at.path('nowhere.tar.gz')],
  ])('%s', async (_, code, make) => {
    const file = await make();
    await expect(loadArchive(file)).rejects.toMatchObject({ code, message: expect.stringContaining(file) as string });
  });
});
