import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bestWeightsIn, BEST_POINTER, log } from '@x/trainer-core';
import { create } from 'tar';

import { writing } from '../io.js';
import { MEMBERS, WEIGHTS } from './layout.js';
import { matcher } from './matcher.js';

/** The name of an archive in the folder of its run. */
export const ARCHIVE = 'model.tar.gz';

/** What an archive is made of. */
export interface ArchiveModelOptions {
  /** The weights, relative to the folder. Default: the best ones, which `best.json` points to. */
  readonly weights?: string;
  /** The file to write. Default: `model.tar.gz` in the folder. */
  readonly archivePath?: string;
  /** Further files of the folder, by path; `*` and `?` stand for any part of a name. Default: `includeInArchive` of the config. */
  readonly include?: readonly string[];
}

/**
 * Writes the model of a run's folder into one file that `loadArchive` and every command take: its config, its weights as
 * `weights.safetensors`, its vocabulary and `meta.json`. The file is written completely or not at all.
 *
 * @returns the path of the archive; null, after a warning, if the folder has no such weights.
 * @throws TrainerError (`X_USAGE`) if it cannot be written.
 */
export async function archiveModel(folder: string, options: ArchiveModelOptions = {}): Promise<string | null> {
  const {
    weights = bestWeightsIn(folder),
    archivePath = join(folder, ARCHIVE),
    include = await includedByConfig(folder),
  } = options;
  if (weights === null || !existsSync(join(folder, weights))) {
    log.warn(`${folder} is not archived: it has no ${weights ?? BEST_POINTER}`);
    return null;
  }
  const extra = await found(folder, include, [weights, ARCHIVE, ...MEMBERS]);
  const members = [...MEMBERS.filter((name) => existsSync(join(folder, name))), weights, ...extra];
  const temporary = `${archivePath}.${process.pid}.tmp`;
  await writing(archivePath, async () => {
    try {
      await create(
        {
          cwd: resolve(folder),
          file: temporary,
          gzip: true,
          portable: true,
          follow: true,
          onWriteEntry: (entry) => {
            if (entry.path === weights) entry.path = WEIGHTS;
          },
        },
        // a name that starts with @ would mean the members of another archive
        members.map((name) => (name.startsWith('@') ? `./${name}` : name)),
      );
      await rename(temporary, archivePath);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
  return archivePath;
}

async function includedByConfig(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'config.json'), 'utf8').catch(() => '{}');
  const { includeInArchive, include_in_archive: original } = JSON.parse(text) as Record<string, unknown>;
  return ((includeInArchive ?? original ?? []) as readonly string[]).map(String);
}

/** The files of a folder that patterns name, without those that are there anyway. */
async function found(folder: string, patterns: readonly string[], known: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const isWanted = matcher(patterns);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const root = resolve(folder);
  const paths = files.map(({ parentPath, name }) =>
    resolve(parentPath, name)
      .slice(root.length + 1)
      .replaceAll('\\', '/'),
  );
  return paths
    .filter((path) => isWanted(path) && !known.some((name) => path === name || path.startsWith(`${name}/`)))
    .sort();
}
