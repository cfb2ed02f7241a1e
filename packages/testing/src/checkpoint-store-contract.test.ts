import { CheckpointError, CheckpointStore } from '@x/trainer-core';

import { checkpointStoreContract, contractReport } from './index.js';
import type { CheckpointStoreSubject } from './index.js';

type Place = Map<string, Uint8Array>;

/** The rule in its simplest form. */
class MapStore extends CheckpointStore {
  constructor(protected readonly files: Place) {
    super();
  }

  override async put(path: string, content: Uint8Array): Promise<void> {
    this.files.set(within(path), content.slice());
  }

  override async get(path: string): Promise<Uint8Array> {
    const content = this.files.get(within(path));
    if (content === undefined) throw new CheckpointError('X_CHECKPOINT', `there is no ${path}`);
    return content.slice();
  }

  override async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  override async delete(path: string): Promise<void> {
    this.files.delete(within(path));
  }

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    await this.put(path, manifest);
  }
}

function within(path: string): string {
  if (path.split('/').includes('..')) throw new CheckpointError('X_CHECKPOINT', `the path ${path} leads out`);
  return path;
}

/** One place for each folder, as if the folder held it. */
function subject(Class: new (files: Place) => CheckpointStore): CheckpointStoreSubject {
  const places = new Map<string, Place>();
  return {
    name: Class.name,
    make: (folder) => {
      const place = places.get(folder) ?? new Map<string, Uint8Array>();
      places.set(folder, place);
      return new Class(place);
    },
  };
}

checkpointStoreContract({ describe, it }, subject(MapStore));

class Borrowing extends MapStore {
  override async put(path: string, content: Uint8Array): Promise<void> {
    this.files.set(within(path), content);
  }
}

class Lending extends MapStore {
  override async get(path: string): Promise<Uint8Array> {
    await super.get(path);
    return this.files.get(path)!;
  }
}

class Appending extends MapStore {
  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    await this.put(path, Buffer.concat([this.files.get(path) ?? new Uint8Array(), manifest]));
  }
}

class Anywhere extends MapStore {
  override async delete(path: string): Promise<void> {
    this.files.delete(path);
  }
}

class ByPrefix extends MapStore {
  override async delete(path: string): Promise<void> {
    for (const name of this.files.keys()) if (name.startsWith(within(path))) this.files.delete(name);
  }
}

class FirstPage extends MapStore {
  override async list(): Promise<string[]> {
    return [...this.files.keys()].slice(0, 50);
  }
}

class MissingIsEmpty extends MapStore {
  override async get(path: string): Promise<Uint8Array> {
    return super.get(path).catch(() => new Uint8Array());
  }
}

class NoEmptyFiles extends MapStore {
  override async put(path: string, content: Uint8Array): Promise<void> {
    if (content.length > 0) await super.put(path, content);
  }
}

class StagedInMemory extends MapStore {
  private readonly staged: Place = new Map();

  override async put(path: string, content: Uint8Array): Promise<void> {
    this.staged.set(within(path), content.slice());
  }

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    for (const [name, content] of this.staged) this.files.set(name, content);
    this.files.set(within(path), manifest.slice());
  }
}

/** Has one place for what is staged, and clears it for every folder, and whenever something is deleted. */
class OneAtATime extends MapStore {
  private readonly staged: Place = new Map();
  private folder = '';

  override async put(path: string, content: Uint8Array): Promise<void> {
    const folder = within(path).slice(0, path.lastIndexOf('/') + 1);
    if (folder !== this.folder) this.staged.clear();
    this.folder = folder;
    this.staged.set(path, content.slice());
  }

  override async delete(path: string): Promise<void> {
    this.folder = '';
    await super.delete(path);
  }

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    await this.put(path, manifest);
    for (const [name, content] of this.staged) this.files.set(name, content);
    this.staged.clear();
  }
}

class FirstPieceOnly extends MapStore {
  override async get(path: string, options: Parameters<CheckpointStore['get']>[1] = {}): Promise<Uint8Array> {
    const content = await super.get(path);
    options.onChunk?.(content.subarray(0, 1000));
    return content;
  }
}

class Peeking extends MapStore {
  override async list(): Promise<string[]> {
    return (await super.list()).flatMap((path) => [path, `${path}.partial`]);
  }
}

class ByFunction extends MapStore {
  override recipe(): ReturnType<CheckpointStore['recipe']> {
    return { module: '', name: '', options: { open: () => this } };
  }
}

test.each([
  [Borrowing, 'takes no hold of what it is given and gives'],
  [Lending, 'takes no hold of what it is given and gives'],
  [Appending, 'replaces a pointer at the root, and has it once'],
  [Anywhere, 'refuses paths that lead out of its place'],
  [ByPrefix, 'deletes one file, and what is not there without complaint'],
  [FirstPage, 'holds many files'],
  [MissingIsEmpty, 'names the file that is missing, and does not call it damaged'],
  [NoEmptyFiles, 'gives back, to another store of the same place, what was put and committed: empty, small and large'],
  [StagedInMemory, 'deletes what was put and never committed, also for a store that did not put it'],
  [OneAtATime, 'takes two checkpoints in turns'],
  [OneAtATime, 'deletes nothing of a save that is under way but what it is told to'],
  [FirstPieceOnly, 'gives the whole file piece by piece, in order, or no piece'],
  [Peeking, 'lists no manifest before its commit, nor any name that nobody gave'],
  [ByFunction, 'says how a worker builds it, in values that reach one, or that none can'],
])('%p is caught: it %s', async (Class, expected) => {
  const { failed } = await contractReport((runner) => checkpointStoreContract(runner, subject(Class)));
  expect(Object.keys(failed)).toContain(expected);
});
