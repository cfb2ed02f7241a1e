import { fileSystemError } from './file-system-error.js';

/** A file or a folder, by number: its name is an entry of a folder, and may change or be lost without it. */
export type NodeId = number;

/** The top folder. */
export const ROOT: NodeId = 0;

/** What a call does to a disk. */
export type Change =
  /** Entries of folders are set, or removed (null), all or none of them. */
  | { readonly kind: 'entries'; readonly entries: readonly Entry[] }
  /** Bytes are written into a file at an offset. */
  | { readonly kind: 'data'; readonly file: NodeId; readonly at: number; readonly content: Uint8Array }
  | { readonly kind: 'truncate'; readonly file: NodeId };

export interface Entry {
  readonly folder: NodeId;
  readonly name: string;
  readonly node: NodeId | null;
}

/** Files and folders in memory. */
export class Disk {
  private readonly files = new Map<NodeId, Uint8Array>();
  private readonly folders = new Map<NodeId, Map<string, NodeId>>([[ROOT, new Map()]]);
  private nextNode = ROOT + 1;

  copy(): Disk {
    const copy = new Disk();
    for (const [id, content] of this.files) copy.files.set(id, content);
    for (const [id, entries] of this.folders) copy.folders.set(id, new Map(entries));
    copy.nextNode = this.nextNode;
    return copy;
  }

  /** A new file or folder, which has no name yet. */
  create(kind: 'file' | 'folder'): NodeId {
    const id = this.nextNode++;
    if (kind === 'file') this.files.set(id, new Uint8Array());
    else this.folders.set(id, new Map());
    return id;
  }

  /** The same file or folder as another disk has, empty, if this one lacks it. */
  adopt(id: NodeId, kind: 'file' | 'folder'): void {
    if (this.files.has(id) || this.folders.has(id)) return;
    if (kind === 'file') this.files.set(id, new Uint8Array());
    else this.folders.set(id, new Map());
    this.nextNode = Math.max(this.nextNode, id + 1);
  }

  kindOf(id: NodeId): 'file' | 'folder' {
    return this.folders.has(id) ? 'folder' : 'file';
  }

  contentOf(file: NodeId): Uint8Array {
    return this.files.get(file)!;
  }

  entriesOf(folder: NodeId): ReadonlyMap<string, NodeId> {
    return this.folders.get(folder)!;
  }

  /** What is at an absolute path with slashes, or null. */
  find(path: string): NodeId | null {
    let id: NodeId = ROOT;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const entries = this.folders.get(id);
      if (entries === undefined) throw fileSystemError('ENOTDIR', path);
      const next = entries.get(name);
      if (next === undefined) return null;
      id = next;
    }
    return id;
  }

  apply(change: Change): void {
    if (change.kind === 'entries') {
      for (const { folder, name, node } of change.entries) {
        const entries = this.folders.get(folder)!;
        if (node === null) entries.delete(name);
        else entries.set(name, node);
      }
    } else if (change.kind === 'truncate') {
      this.files.set(change.file, new Uint8Array());
    } else {
      const before = this.contentOf(change.file);
      const after = new Uint8Array(Math.max(before.length, change.at + change.content.length));
      after.set(before);
      after.set(change.content, change.at);
      this.files.set(change.file, after);
    }
  }
}
