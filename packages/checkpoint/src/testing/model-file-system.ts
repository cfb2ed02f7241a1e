import { posix } from 'node:path';

import type { FileSystem, FolderEntry, OpenFile } from '../file-system.js';
import { Disk } from './disk.js';
import type { Change, Entry, NodeId } from './disk.js';
import { fileSystemError } from './file-system-error.js';

/** What a crash leaves of a change that nothing has made durable. Of entries, all but `kept` is `dropped`. */
export type Survival = 'kept' | 'dropped' | 'torn' | 'zeroed';

/** Decides, change by change in their order, what a crash leaves. */
export type Fate = (change: Change) => Survival;

type Event = { readonly change: Change } | { readonly synced: NodeId };

/**
 * A file system in memory that promises no more than POSIX does: what was written, created, renamed or removed survives a
 * crash for certain only once the file (for its bytes) or the folder (for its entries) was synced. Until then a crash may
 * drop any of it in any combination, so that a later change may survive an earlier one: a rename its file's bytes.
 * One rename is all or nothing, and durable when every folder that it changes is.
 *
 * It writes down what is done to it; {@link crash} makes of that the file system that is found after a crash, at any
 * moment, as often as a test likes. Paths are absolute, with slashes.
 */
export class ModelFileSystem implements FileSystem {
  private readonly events: Event[] = [];
  private readonly now: Disk;

  /** @param start what is there at first, durably. */
  constructor(private readonly start: Disk = new Disk()) {
    this.now = start.copy();
  }

  /** The number of moments so far at which a crash may leave something else than a moment before. */
  get moments(): number {
    return this.events.length;
  }

  /**
   * What is found if the machine crashed at a moment.
   *
   * @param moment from 0 to {@link moments}, the number of changes and syncs that were made before.
   */
  crash(moment: number, fate: Fate): ModelFileSystem {
    const disk = this.start.copy();
    const events = this.events.slice(0, moment);
    for (const [i, event] of events.entries()) {
      if (!('change' in event)) continue;
      const later = events.slice(i + 1);
      const synced = (id: NodeId): boolean => later.some((other) => 'synced' in other && other.synced === id);
      const survival = nodesOf(event.change).every(synced) ? 'kept' : fate(event.change);
      this.applyTo(disk, event.change, survival);
    }
    return new ModelFileSystem(disk);
  }

  /** The files that there are. */
  paths(folder = '/'): string[] {
    const id = this.existing(folder);
    return [...this.now.entriesOf(id)].flatMap(([name, child]) => {
      const path = posix.join(folder, name);
      return this.now.kindOf(child) === 'folder' ? this.paths(path) : [path];
    });
  }

  async makeFolder(path: string): Promise<string | undefined> {
    let first: string | undefined;
    const parts = path.split('/').filter((part) => part !== '');
    for (const [i] of parts.entries()) {
      const folder = `/${parts.slice(0, i + 1).join('/')}`;
      const id = this.now.find(folder);
      if (id !== null && this.now.kindOf(id) === 'file') throw fileSystemError('EEXIST', folder);
      if (id !== null) continue;
      this.link(folder, this.now.create('folder'));
      first ??= folder;
    }
    return first;
  }

  async open(path: string, flags: 'w' | 'r'): Promise<OpenFile> {
    const found = this.now.find(path);
    if (flags === 'w' && found !== null && this.now.kindOf(found) === 'folder') throw fileSystemError('EISDIR', path);
    const id = flags === 'r' ? this.existing(path) : (found ?? this.link(path, this.now.create('file')));
    if (flags === 'w' && found !== null) this.record({ kind: 'truncate', file: id });
    return {
      write: async (content) => {
        this.record({ kind: 'data', file: id, at: this.now.contentOf(id).length, content: Uint8Array.from(content) });
      },
      sync: async () => void this.events.push({ synced: id }),
      close: async () => undefined,
    };
  }

  async read(path: string): Promise<Uint8Array> {
    return Uint8Array.from(this.fileContent(path));
  }

  async list(folder: string): Promise<readonly FolderEntry[]> {
    const id = this.existing(folder);
    if (this.now.kindOf(id) === 'file') throw fileSystemError('ENOTDIR', folder);
    return [...this.now.entriesOf(id)].map(([name, child]) => ({ name, kind: this.now.kindOf(child) }));
  }

  async rename(from: string, to: string): Promise<void> {
    const node = this.existing(from);
    const target = this.now.find(to);
    if (target !== null && this.now.kindOf(target) === 'folder' && this.now.entriesOf(target).size > 0)
      throw fileSystemError('ENOTEMPTY', to);
    this.record({ kind: 'entries', entries: [this.entry(from, null), this.entry(to, node)] });
  }

  async unlink(path: string): Promise<void> {
    if (this.now.kindOf(this.existing(path)) === 'folder') throw fileSystemError('EISDIR', path);
    this.record({ kind: 'entries', entries: [this.entry(path, null)] });
  }

  async removeFolder(path: string): Promise<void> {
    const id = this.existing(path);
    if (this.now.kindOf(id) === 'file') throw fileSystemError('ENOTDIR', path);
    if (this.now.entriesOf(id).size > 0) throw fileSystemError('ENOTEMPTY', path);
    this.record({ kind: 'entries', entries: [this.entry(path, null)] });
  }

  private fileContent(path: string): Uint8Array {
    const id = this.existing(path);
    if (this.now.kindOf(id) === 'folder') throw fileSystemError('EISDIR', path);
    return this.now.contentOf(id);
  }

  private existing(path: string): NodeId {
    const id = this.now.find(path);
    if (id === null) throw fileSystemError('ENOENT', path);
    return id;
  }

  private link(path: string, node: NodeId): NodeId {
    this.record({ kind: 'entries', entries: [this.entry(path, node)] });
    return node;
  }

  private entry(path: string, node: NodeId | null): Entry {
    return { folder: this.existing(posix.dirname(path)), name: posix.basename(path), node };
  }

  private record(change: Change): void {
    this.now.apply(change);
    this.events.push({ change });
  }

  private applyTo(disk: Disk, change: Change, survival: Survival): void {
    const nodes =
      change.kind === 'entries' ? change.entries.flatMap(({ folder, node }) => [folder, node]) : [change.file];
    for (const id of nodes) if (id !== null) disk.adopt(id, this.now.kindOf(id));
    if (survival === 'kept') disk.apply(change);
    else if (change.kind === 'data' && survival === 'torn')
      disk.apply({ ...change, content: change.content.subarray(0, change.content.length / 2) });
    else if (change.kind === 'data' && survival === 'zeroed')
      disk.apply({ ...change, content: new Uint8Array(change.content.length) });
  }
}

/** What has to be synced before a change is durable. */
function nodesOf(change: Change): NodeId[] {
  return change.kind === 'entries' ? change.entries.map(({ folder }) => folder) : [change.file];
}
