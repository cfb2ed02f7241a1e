import { AsyncResource } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { withLog } from '../log.js';
import { readMeta, RunFolder } from './serialization-dir.js';
import type { RunStart } from './serialization-dir.js';

const config = { trainer: { lr: 0.1, numEpochs: 2 }, a: 1, list: Array.from({ length: 40 }, (_, i) => i) };
const start: RunStart = {
  date: '2026-01-01',
  node: 'v20',
  tfjs: '4',
  seed: 1,
  engine: { name: 'eager', version: '4.22.0' },
  plugins: { acme: '1.0.0' },
  configDir: '..',
};

let root: string;
let dir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'serialization-dir-'));
  dir = join(root, 'runs', 'one');
});
afterEach(() => rm(root, { recursive: true }));

async function fill(files: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

/** Starts a run, which does `act`. */
async function started(options: object, act: (folder: RunFolder) => unknown, written: object = config): Promise<void> {
  const folder = await RunFolder.check(dir, written as typeof config, options);
  await folder.whileOpen(async () => act(folder));
}

/** What a run that was killed has of its work. */
const nothing = (): void => undefined;

describe('a folder is accepted', () => {
  test.each<[string, Record<string, unknown> | undefined, object]>([
    ['that does not exist', undefined, {}],
    ['that is empty', {}, {}],
    ['that does not exist, with force', undefined, { force: true }],
    ['with a run, with force', { 'x.txt': 'hi', 'config.json': config }, { force: true }],
    ['with the same run, with recover', { 'config.json': config }, { recover: true }],
    [
      'with fewer checkpoints to keep, with recover',
      { 'config.json': { ...config, trainer: { ...config.trainer, checkpointer: { numSerializedModelsToKeep: -1 } } } },
      { recover: true },
    ],
    [
      'with more epochs to train, with recover',
      { 'config.json': { ...config, trainer: { lr: 0.1, numEpochs: 9, patience: 1 } } },
      { recover: true },
    ],
  ])('%s', async (_, files, options) => {
    if (files !== undefined) await fill(files);
    const before = existsSync(dir) ? await readdir(dir) : undefined;
    await RunFolder.check(dir, config, options);
    expect(existsSync(dir) ? await readdir(dir) : undefined).toEqual(before);
  });
});

describe('a folder is refused, and nothing is changed', () => {
  test.each<[string, Record<string, unknown> | undefined, object, string, RegExp]>([
    [
      'not empty',
      { 'x.txt': 'hi' },
      {},
      'X_DIR_NOT_EMPTY',
      /is not empty; go on with the run in it \(--recover\), delete it \(--force\)/,
    ],
    ['recover and force', undefined, { recover: true, force: true }, 'X_DIR_NOT_EMPTY', /exclude each other/],
    ['nothing to recover', undefined, { recover: true }, 'X_DIR_MISSING', /there is no run to recover/],
    ['empty, to recover', {}, { recover: true }, 'X_DIR_MISSING', /there is no run to recover/],
    ['no run, to recover', { 'x.txt': 'hi' }, { recover: true }, 'X_DIR_OTHER_CONFIG', /has no config.json/],
    [
      'a text beside a vocabulary, to delete',
      { vocabulary: '', 'a.tex': 'hi' },
      { force: true },
      'X_DIR_NOT_EMPTY',
      /force does not delete it/,
    ],
    ['what a killed start left, without force', { vocabulary: '' }, {}, 'X_DIR_NOT_EMPTY', /delete it \(--force\)/],
    ['no run, to delete', { 'thesis.tex': 'hi' }, { force: true }, 'X_DIR_NOT_EMPTY', /force does not delete it/],
    [
      'another value',
      { 'config.json': { ...config, a: 2 } },
      { recover: true },
      'X_DIR_OTHER_CONFIG',
      /a: the run has number 2, the config number 1/,
    ],
    [
      'a key less',
      { 'config.json': { ...config, a: undefined } },
      { recover: true },
      'X_DIR_OTHER_CONFIG',
      /a: the run has nothing, the config number 1/,
    ],
    [
      'a key more',
      { 'config.json': { ...config, b: { c: [1] } } },
      { recover: true },
      'X_DIR_OTHER_CONFIG',
      /b.c: the run has a list \[1\], the config nothing/,
    ],
    [
      'an item more at the end of a list',
      { 'config.json': { ...config, list: [...config.list, 'last'] } },
      { recover: true },
      'X_DIR_OTHER_CONFIG',
      /list\.40: the run has string "last", the config nothing[^]*--resume anyway/,
    ],
    [
      'checkpoints elsewhere',
      { 'config.json': { ...config, trainer: { ...config.trainer, checkpointer: { store: { type: 's3' } } } } },
      { recover: true },
      'X_DIR_OTHER_CONFIG',
      /checkpointer\.store\.type: the run has string "s3"/,
    ],
    [
      'a run that is still set aside for one that was killed',
      { 'config.json': config, '.replaced-a': '' },
      {},
      'X_DIR_NOT_EMPTY',
      /is still in .*\.replaced-a; .*move what you need elsewhere/,
    ],
    ['a broken config', { 'config.json': '{' }, { recover: true }, 'X_DIR_OTHER_CONFIG', /is not valid JSON/],
  ])('%s', async (_, files, options, code, message) => {
    if (files !== undefined) await fill(files);
    const before = existsSync(dir) ? await readdir(dir) : undefined;
    await expect(RunFolder.check(dir, config, options)).rejects.toMatchObject({ name: 'SerializationDirError', code });
    await expect(RunFolder.check(dir, config, options)).rejects.toThrow(message);
    expect(existsSync(dir) ? await readdir(dir) : undefined).toEqual(before);
  });

  test('not writable', async () => {
    await writeFile(join(root, 'file'), '');
    for (const path of [join(root, 'file'), join(root, 'file', 'below'), '/proc/x-trainer/run']) {
      await expect(RunFolder.check(path, config)).rejects.toMatchObject({ code: 'X_DIR_NOT_WRITABLE' });
    }
  });
});

test('a start writes the config in its usual order, and the versions', async () => {
  await started({}, async (folder) => {
    await folder.commit(start);
  });
  expect(Object.keys(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as object)).toEqual(
    Object.keys(config),
  );
  expect(await readFile(join(dir, 'config.json'), 'utf8')).toContain('  "trainer": {\n    "lr": 0.1');
  expect(await readMeta(dir)).toEqual({ starts: [start] });
});

test('a recovered run keeps its files, takes the new config and adds a start', async () => {
  await fill({
    'config.json': { ...config, trainer: { lr: 0.1, numEpochs: 1 } },
    'weights.bin': 'w',
    'meta.json': { starts: [start] },
  });
  await started({ recover: true }, async (folder) => {
    await folder.commit({ ...start, date: 'later' });
  });
  expect(await readdir(dir)).toEqual(expect.arrayContaining(['weights.bin']));
  expect(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))).toEqual(config);
  expect((await readMeta(dir))?.starts.map(({ date }) => date)).toEqual(['2026-01-01', 'later']);
});

test('a text None in the config of the run that goes on is null, as it is everywhere', async () => {
  await fill({ 'config.json': { ...config, b: 'None' } });
  await expect(RunFolder.check(dir, { ...config, b: null }, { recover: true })).resolves.toBeDefined();
});

test('force keeps the old run until the new one has something to show', async () => {
  await fill({ 'config.json': config, 'weights.bin': 'w' });
  await started({ force: true }, async (folder) => {
    await folder.commit(start);
    const [aside] = (await readdir(dir)).filter((name) => name.startsWith('.replaced-'));
    expect(await readdir(join(dir, aside!))).toEqual(['config.json', 'weights.bin']);
    await folder.forgetReplaced();
  });
  expect((await readdir(dir)).sort()).toEqual(['config.json', 'meta.json']);
});

test('instances that code put into the config are named in it', async () => {
  class Net {
    readonly self = this;
  }
  await started({}, (folder) => folder.commit(start), { model: new Net(), plugins: [Net] });
  expect(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))).toEqual({ model: '[Net]', plugins: ['[Net]'] });
});

describe('a preparation that fails', () => {
  test('removes the folders that were made for it', async () => {
    await started({}, async (folder) => {
      await writeFile(join(dir, 'half'), '');
      await folder.failed();
    });
    expect(await readdir(root)).toEqual([]);
  });

  test('keeps an empty folder that was there', async () => {
    await fill({});
    await started({}, async (folder) => {
      await mkdir(join(dir, 'log', 'train'), { recursive: true });
      await folder.failed();
    });
    expect(await readdir(dir)).toEqual([]);
  });

  test('gives back what force was to delete', async () => {
    await fill({ 'config.json': config, 'weights.bin': 'w' });
    await started({ force: true }, async (folder) => {
      await writeFile(join(dir, 'half'), '');
      await folder.failed();
    });
    expect((await readdir(dir)).sort()).toEqual(['config.json', 'weights.bin']);
  });

  test('leaves a run that was to go on alone', async () => {
    await fill({ 'config.json': config, 'weights.bin': 'w' });
    await started({ recover: true }, async (folder) => {
      await folder.failed();
    });
    expect((await readdir(dir)).sort()).toEqual(['config.json', 'weights.bin']);
  });
});

describe('a training that fails', () => {
  test('leaves nothing without results', async () => {
    await started({}, async (folder) => {
      await folder.commit(start);
      await mkdir(join(dir, 'checkpoints'));
      await mkdir(join(dir, 'log'));
      await writeFile(join(dir, 'log', 'events'), '');
      await folder.failed();
    });
    expect(existsSync(dir)).toBe(false);
  });

  test('gives back what force was to delete, where it has no result', async () => {
    await fill({ 'config.json': config, 'weights.bin': 'w' });
    await started({ force: true }, async (folder) => {
      await folder.commit(start);
      await folder.failed();
    });
    expect((await readdir(dir)).sort()).toEqual(['config.json', 'weights.bin']);
  });

  test('keeps what force was to delete besides its own results, and says where', async () => {
    await fill({ 'config.json': config, 'weights.bin': 'w' });
    const warnings: string[] = [];
    await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
      started({ force: true }, async (folder) => {
        await folder.commit(start);
        await writeFile(join(dir, 'metrics_epoch_0.json'), '{}');
        await folder.failed();
      }),
    );
    const [kept] = (await readdir(dir)).filter((name) => name.startsWith('.replaced-'));
    expect((await readdir(join(dir, kept!))).sort()).toEqual(['config.json', 'weights.bin']);
    expect(warnings).toEqual([expect.stringContaining(`is kept in ${join(dir, kept!)}`)]);
  });

  test('that cannot tidy up hides nothing', async () => {
    const warnings: string[] = [];
    await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
      started({}, async (folder) => {
        await folder.commit(start);
        await rm(dir, { recursive: true });
        await folder.failed();
      }),
    );
    expect(warnings).toEqual([expect.stringMatching(/could not be made as it was before: ENOENT/)]);
  });

  test('keeps every result', async () => {
    await started({}, async (folder) => {
      await folder.commit(start);
      await writeFile(join(dir, 'metrics_epoch_0.json'), '{}');
      await folder.failed();
    });
    expect((await readdir(dir)).sort()).toEqual(['config.json', 'meta.json', 'metrics_epoch_0.json']);
  });
});

test('what an interrupted start had set aside is still the folder of a run', async () => {
  await fill({ 'config.json': config, 'weights.bin': 'w' });
  await started({ force: true }, nothing);
  expect(await readdir(dir)).toEqual([expect.stringMatching(/^\.replaced-/)]);
  await started({ force: true }, async (again) => {
    await again.commit(start);
    await again.forgetReplaced();
  });
  expect((await readdir(dir)).sort()).toEqual(['config.json', 'meta.json']);
});

test('force deletes what a start left that was killed while it built parts', async () => {
  await started({}, nothing);
  await mkdir(join(dir, 'vocabulary'));
  await writeFile(join(dir, 'vocabulary', 'tokens.txt'), 'a');
  await writeFile(join(dir, 'out.log'), 'reading');
  await started({ force: true }, async (again) => {
    await again.commit(start);
    await again.forgetReplaced();
  });
  expect((await readdir(dir)).sort()).toEqual(['config.json', 'meta.json']);
});

test('what came into the folder after the check is not touched', async () => {
  const folder = await RunFolder.check(dir, config);
  await fill({ 'config.json': config, 'weights.bin': 'w' });
  await expect(folder.whileOpen(async () => undefined)).rejects.toMatchObject({ code: 'X_DIR_NOT_EMPTY' });
  expect((await readdir(dir)).sort()).toEqual(['config.json', 'weights.bin']);
});

test.each([{}, { force: true }, { recover: true }])(
  'a second run on one folder is refused, with %j',
  async (options) => {
    await started({}, async (folder) => {
      await folder.commit(start);
      await expect(inAnotherRun(() => RunFolder.check(dir, config, options))).rejects.toMatchObject({
        code: 'X_DIR_LOCKED',
      });
    });
    await RunFolder.check(dir, config, { recover: true });
  },
);

/** Outside of the run that this test has begun. */
const outside = new AsyncResource('outside');
function inAnotherRun<R>(run: () => R): R {
  return outside.runInAsyncScope(run);
}
