import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';

import { nullForNone } from '../config/none.js';
import type { RawConfig } from '../config/read-config.js';
import { messageOf } from '../config/show.js';
import { writtenConfig } from '../config/written-config.js';
import type { EngineDescription } from '../contracts/engine.js';
import type { ResumeMode } from '../contracts/trainer.js';
import { SerializationDirError } from '../errors.js';
import { log } from '../log.js';
import { writeJson } from '../training/json-file.js';
import { HOW_TO_GO_ON } from '../training/saved-run.js';
import { CHANGEABLE_IN_WORDS, configDifferences } from './config-difference.js';
import { checkNotLocked, LOCK, withRunLock } from './run-lock.js';

/** How an existing folder is treated. */
export interface SerializationDirOptions {
  /** Go on with the run in it. */
  readonly recover?: boolean | undefined;
  /** Whether another config is refused (`exact`, the default), or warned of. */
  readonly resume?: ResumeMode | undefined;
  /** Delete the run in it, or what is left of a start that was killed. */
  readonly force?: boolean | undefined;
}

const CONFIG = 'config.json';
const META = 'meta.json';
const REPLACED = '.replaced-';
/** What preparation writes; everything else is a result. */
const PREPARED = new Set([CONFIG, META, 'vocabulary', 'log', 'out.log']);

/**
 * The folder of a run. Until the new run has something to show nothing is lost: what `force` replaces is set aside in it,
 * {@link failed} makes everything as it was, and only {@link forgetReplaced} deletes it.
 */
export class RunFolder {
  private replaced: string | undefined;
  private committed = false;
  private rolledBack = false;

  private constructor(
    readonly path: string,
    private readonly config: RawConfig,
    private readonly recover: boolean,
    private readonly force: boolean,
  ) {}

  /**
   * Looks whether a run with this config may write into the folder. Nothing is changed.
   *
   * @throws SerializationDirError (`X_DIR_NOT_EMPTY`, `X_DIR_MISSING`, `X_DIR_OTHER_CONFIG`, `X_DIR_NOT_WRITABLE`,
   * `X_DIR_LOCKED`).
   */
  static async check(path: string, config: RawConfig, options: SerializationDirOptions = {}): Promise<RunFolder> {
    const { recover = false, force = false, resume = 'exact' } = options;
    const folder = resolve(path);
    if (recover && force) {
      throw new SerializationDirError(
        'X_DIR_NOT_EMPTY',
        'recover and force exclude each other: go on with the run, or delete it',
      );
    }
    await checkNotLocked(folder);
    const entries = await entriesOf(folder);
    if (recover) await checkRecoverable(path, folder, entries, config, resume);
    else if (entries.length > 0 && !force) throw notEmpty(path, entries);
    else if (!entries.includes(CONFIG) && !entries.every(isOfStart)) {
      throw new SerializationDirError(
        'X_DIR_NOT_EMPTY',
        `the folder ${path} is not empty and has no ${CONFIG}, so it is not the folder of a run, and force does not delete it; ` +
          'choose another folder, or empty it yourself',
      );
    }
    await checkWritable(path, folder);
    return new RunFolder(folder, writtenConfig(config), recover, force);
  }

  /**
   * Makes the folder and keeps other runs out of it while this one is under way; sets aside what is in it unless the run
   * goes on. Folders that it made are removed again if the run {@link failed} without a result.
   */
  async whileOpen<R>(run: () => Promise<R>): Promise<R> {
    const created = await mkdir(this.path, { recursive: true });
    try {
      return await withRunLock(this.path, async () => {
        await this.setAside();
        return run();
      });
    } finally {
      if (this.rolledBack && created !== undefined) await removeEmpty(this.path, created);
    }
  }

  private async setAside(): Promise<void> {
    if (this.recover) return;
    const entries = await entriesOf(this.path);
    if (entries.length === 0) return;
    // another run came and went since the check
    if (!this.force) throw notEmpty(this.path, entries);
    this.replaced = await mkdtemp(join(this.path, REPLACED));
    for (const name of entries) await rename(join(this.path, name), join(this.replaced, name));
  }

  /** Whether a run that was there before is still set aside. */
  get replaces(): boolean {
    return this.replaced !== undefined;
  }

  /** Writes `config.json` and adds this start to `meta.json`. */
  async commit(start: RunStart): Promise<void> {
    await writeJson(join(this.path, CONFIG), this.config);
    const starts = this.recover ? ((await readMeta(this.path))?.starts ?? []) : [];
    await writeJson(join(this.path, META), { starts: [...starts, start] } satisfies RunMeta);
    this.committed = true;
  }

  /** Deletes what this run replaces, and what earlier ones that were killed have left of that. Again it does nothing. */
  async forgetReplaced(): Promise<void> {
    this.replaced = undefined;
    for (const name of await readdir(this.path)) {
      if (name.startsWith(REPLACED)) await rm(join(this.path, name), { recursive: true });
    }
  }

  /**
   * After a failure: before {@link commit}, makes the folder as it was before; later too, unless there is a result. A run
   * that goes on keeps everything. What fails here is logged: the error that ended the run is the one to know.
   */
  async failed(): Promise<void> {
    if (this.recover) return;
    try {
      if (!this.committed || !(await this.hasResults())) await this.rollBack();
    } catch (error) {
      log.warn(`the folder ${this.path} could not be made as it was before: ${messageOf(error)}`);
    }
    if (!this.replaces) return;
    log.warn(
      `the run that was to be replaced is kept in ${this.replaced}, until another one in ${this.path} has a checkpoint; move ` +
        'it elsewhere to keep it for good',
    );
  }

  private async hasResults(): Promise<boolean> {
    const files = await readdir(this.path, { recursive: true, withFileTypes: true });
    const places = files.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
    return places.some((place) => !isOfStart(relative(this.path, place).split(sep)[0]!));
  }

  private async rollBack(): Promise<void> {
    const kept = this.replaced === undefined ? [] : await readdir(this.replaced);
    for (const name of await readdir(this.path)) {
      const path = join(this.path, name);
      if (path !== this.replaced && !isOfLock(name)) await rm(path, { recursive: true });
    }
    for (const name of kept) await rename(join(this.replaced!, name), join(this.path, name));
    if (this.replaced !== undefined) await rmdir(this.replaced);
    this.replaced = undefined;
    this.rolledBack = true;
  }
}

/** One start of a run, as `meta.json` records it. */
export interface RunStart {
  readonly date: string;
  readonly node: string;
  readonly tfjs: string;
  readonly seed: number;
  /** Versions by name, of the listed plugins and of this package. */
  readonly plugins: Readonly<Record<string, string>>;
  /** The folder that relative paths and plugins of the config start from, relative to the folder of the run. */
  readonly configDir: string;
  /** The engine that ran it. */
  readonly engine: EngineDescription;
}

/** What `meta.json` holds: every start of the run, the last one last. */
export interface RunMeta {
  readonly starts: readonly RunStart[];
}

/** The `meta.json` of a run's folder, or undefined. */
export async function readMeta(folder: string): Promise<RunMeta | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, META), 'utf8')) as RunMeta;
  } catch {
    return undefined;
  }
}

/**
 * The config's folder as the run recorded it, if it is still there; else the working directory.
 *
 * @param place where the run is, if not in `folder`, from which its `meta.json` is read.
 */
export async function savedConfigDir(folder: string, place: string = folder): Promise<string> {
  const recorded = (await readMeta(folder))?.starts.at(-1)?.configDir;
  const path = recorded === undefined ? undefined : resolve(place, recorded);
  return path !== undefined && existsSync(path) ? path : process.cwd();
}

function notEmpty(path: string, entries: readonly string[]): SerializationDirError {
  const replaced = entries.find((name) => name.startsWith(REPLACED));
  const hint =
    replaced === undefined
      ? ''
      : `. The run that was to be replaced is still in ${join(path, replaced)}; either of the first two deletes it: move what ` +
        'you need elsewhere before';
  return new SerializationDirError(
    'X_DIR_NOT_EMPTY',
    `the folder ${path} is not empty; go on with the run in it (--recover), delete it (--force), or choose another folder${hint}`,
  );
}

/** Whether a start that was killed before it wrote the config leaves an entry of that name. */
function isOfStart(name: string): boolean {
  return PREPARED.has(name) || name.startsWith(REPLACED) || isOfLock(name);
}

function isOfLock(name: string): boolean {
  return name.startsWith(LOCK);
}

async function checkRecoverable(
  path: string,
  folder: string,
  entries: readonly string[],
  config: RawConfig,
  resume: ResumeMode,
): Promise<void> {
  if (entries.length === 0) {
    throw new SerializationDirError(
      'X_DIR_MISSING',
      `the folder ${path} does not exist or is empty: there is no run to recover`,
    );
  }
  if (!entries.includes(CONFIG)) {
    throw new SerializationDirError(
      'X_DIR_OTHER_CONFIG',
      `the folder ${path} has no ${CONFIG}, so it is not the folder of a run; you probably gave the wrong one`,
    );
  }
  const before = nullForNone(await readRunConfig(folder));
  const differences = configDifferences(before, writtenConfig(config));
  if (differences.length === 0) return;
  const lines = differences.map((line) => `  ${line}`).join('\n');
  const message = `the run in ${path} was started with another configuration (${CHANGEABLE_IN_WORDS}):\n${lines}`;
  if (resume === 'exact') throw new SerializationDirError('X_DIR_OTHER_CONFIG', `${message}\n${HOW_TO_GO_ON}.`);
  log.warn(
    resume === 'anyway' ? `${message}\nwhat the checkpoint holds is taken nevertheless, learning rates too` : message,
  );
}

/** The config that a run's folder holds. */
export async function readRunConfig(folder: string): Promise<RawConfig> {
  const path = join(folder, CONFIG);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SerializationDirError('X_DIR_MISSING', `${folder} is not the folder of a run: it has no ${CONFIG}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text) as RawConfig;
  } catch (error) {
    throw new SerializationDirError('X_DIR_OTHER_CONFIG', `${path} is not valid JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    // a lock that stands there is ours, or of a run that is gone
    return (await readdir(folder)).filter((name) => !isOfLock(name));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const reason = code === 'ENOTDIR' ? 'it is, or lies below, a file' : `it cannot be read (${code})`;
    throw new SerializationDirError('X_DIR_NOT_WRITABLE', `${folder} cannot be the folder of a run: ${reason}`, {
      cause: error,
    });
  }
}

/** Tries it, because permission bits do not tell everything; leaves nothing behind. */
async function checkWritable(path: string, folder: string): Promise<void> {
  const existing = await nearestFolder(folder);
  const probe = join(existing, `.x-trainer-${randomUUID()}`);
  try {
    await mkdir(probe);
    await rmdir(probe);
  } catch (error) {
    throw new SerializationDirError(
      'X_DIR_NOT_WRITABLE',
      `the folder ${path} cannot be written: nothing can be made in ${existing} (${(error as NodeJS.ErrnoException).code}); ` +
        'choose another folder, or change its permissions',
      { cause: error },
    );
  }
}

async function nearestFolder(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const exists = await stat(folder).then(
      () => true,
      () => false,
    );
    if (exists || folder === dirname(folder)) return folder;
  }
}

/** Removes an empty folder, and its parents as long as they are empty, up to `last`. */
async function removeEmpty(path: string, last: string): Promise<void> {
  for (let folder = path; ; folder = dirname(folder)) {
    await rmdir(folder);
    if (folder === last || relative(last, folder) === '') return;
  }
}
