import { writeAtomically } from '../file-system.js';
import { allDropped, allKept, dataBeforeNames, fates, namesBeforeData, randomFate, zeroedData } from './fates.js';
import { ModelFileSystem } from './model-file-system.js';
import type { Fate } from './model-file-system.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

async function write(files: ModelFileSystem, path: string, text: string, sync = false): Promise<void> {
  const file = await files.open(path, 'w');
  await file.write(bytes(text));
  if (sync) await file.sync();
  await file.close();
}

async function syncFolder(files: ModelFileSystem, path: string): Promise<void> {
  await (await files.open(path, 'r')).sync();
}

/** Every file with its text. */
async function contentOf(files: ModelFileSystem): Promise<Record<string, string>> {
  const read = async (path: string): Promise<[string, string]> => [
    path,
    new TextDecoder().decode(await files.read(path)),
  ];
  return Object.fromEntries(await Promise.all(files.paths().map(read)));
}

const afterCrash = (files: ModelFileSystem, fate: Fate): Promise<Record<string, string>> =>
  contentOf(files.crash(files.moments, fate));

test('it is a file system', async () => {
  const files = new ModelFileSystem();
  expect(await files.makeFolder('/a/b')).toBe('/a');
  expect(await files.makeFolder('/a/b')).toBeUndefined();
  await write(files, '/a/b/one', 'first');
  await write(files, '/a/b/one', 'second');
  await files.rename('/a/b/one', '/a/two');
  expect(await contentOf(files)).toEqual({ '/a/two': 'second' });
  expect(await files.list('/a')).toEqual([
    { name: 'b', kind: 'folder' },
    { name: 'two', kind: 'file' },
  ]);
  await expect(files.removeFolder('/a')).rejects.toMatchObject({ code: 'ENOTEMPTY' });
  await expect(files.read('/a/b/one')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(files.unlink('/a/b')).rejects.toMatchObject({ code: 'EISDIR' });
  await expect(files.makeFolder('/a/two/c')).rejects.toMatchObject({ code: 'EEXIST' });
  await files.removeFolder('/a/b');
  await files.unlink('/a/two');
  expect(await files.list('/a')).toEqual([]);
});

describe('after a crash', () => {
  test('a file survives for certain once itself and its folder were synced', async () => {
    const files = new ModelFileSystem();
    await write(files, '/both', 'x', true);
    await syncFolder(files, '/');
    await write(files, '/file-only', 'y', true);
    expect(await afterCrash(files, allDropped)).toEqual({ '/both': 'x' });
    expect(await afterCrash(files, allKept)).toEqual({ '/both': 'x', '/file-only': 'y' });
  });

  test('what was written after the last sync is not certain', async () => {
    const files = new ModelFileSystem();
    const file = await files.open('/log', 'w');
    await syncFolder(files, '/');
    await file.write(bytes('early '));
    await file.sync();
    await file.write(bytes('late'));
    expect(await afterCrash(files, allDropped)).toEqual({ '/log': 'early ' });
    expect(await afterCrash(files, zeroedData)).toEqual({ '/log': 'early \0\0\0\0' });
  });

  test('a name may survive its content, and a content its name', async () => {
    const start = new ModelFileSystem();
    await write(start, '/file', 'old');
    const files = start.crash(start.moments, allKept);
    await write(files, '/new', 'new');
    await files.rename('/new', '/file');
    expect(await afterCrash(files, namesBeforeData)).toEqual({ '/file': '' });
    expect(await afterCrash(files, dataBeforeNames)).toEqual({ '/file': 'old' });
  });

  test('what was removed may be back', async () => {
    const start = new ModelFileSystem();
    await write(start, '/file', 'old');
    const files = start.crash(start.moments, allKept);
    await files.unlink('/file');
    expect(await afterCrash(files, allDropped)).toEqual({ '/file': 'old' });
    await syncFolder(files, '/');
    expect(await afterCrash(files, allDropped)).toEqual({});
  });

  test('a folder that was not made durable takes all that is in it along', async () => {
    const files = new ModelFileSystem();
    await files.makeFolder('/a');
    await write(files, '/a/file', 'x', true);
    await syncFolder(files, '/a');
    expect(await afterCrash(files, allDropped)).toEqual({});
  });

  test('an earlier moment has nothing of what came later, synced or not', async () => {
    const files = new ModelFileSystem();
    await write(files, '/file', 'x');
    const before = files.moments;
    await syncFolder(files, '/');
    expect(await contentOf(files.crash(before, allDropped))).toEqual({});
    expect(await contentOf(files.crash(0, allKept))).toEqual({});
  });

  test('random fates repeat, and differ', async () => {
    const files = new ModelFileSystem();
    for (const name of ['a', 'b', 'c', 'd']) await write(files, `/${name}`, 'text');
    const outcomes = await Promise.all([1, 1, 2, 3].map((seed) => afterCrash(files, randomFate(seed))));
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBeGreaterThan(1);
  });
});

test('an atomic write is atomic, whatever survives', async () => {
  const start = new ModelFileSystem();
  await start.makeFolder('/run');
  await syncFolder(start, '/');
  await writeAtomically(start, '/run/file', bytes('old'));
  const files = start.crash(start.moments, allDropped);
  await writeAtomically(files, '/run/file', bytes('new'));
  for (let moment = 0; moment <= files.moments; moment += 1) {
    for (const { make } of fates(5)) {
      const { '/run/file': content } = await contentOf(files.crash(moment, make()));
      expect(moment === files.moments ? ['new'] : ['old', 'new']).toContain(content);
    }
  }
});
