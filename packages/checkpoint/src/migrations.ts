import { CheckpointError, FORMAT_VERSION } from '@x/trainer-core';

type Contents = Readonly<Record<string, unknown>>;

/** The best weights of a checkpoint folder of version 1, which had no pointers. */
export const BEST_OF_VERSION_1 = 'best.safetensors';

/** What brings the contents of a manifest from the version of its key to the next one. */
const MIGRATIONS: Readonly<Record<number, (contents: Contents) => Contents>> = {
  // the best weights were a file of their own, so that no checkpoint is marked as the best one
  1: (contents) => ({ ...contents, version: 2, best: false, metrics: {} }),
};

/**
 * The contents of a manifest in the form of this release; what has no version is left to be refused.
 *
 * @throws CheckpointError (`X_CHECKPOINT`) for one of a newer release: it is whole, and an older one must not take its place.
 */
export function migratedManifest(contents: Contents, file: string): Contents {
  const version = Number(contents['version']);
  if (version > FORMAT_VERSION) {
    throw new CheckpointError(
      'X_CHECKPOINT',
      `${file} has format version ${version}, this release reads versions 1 to ${FORMAT_VERSION}; a newer release saved it: ` +
        'update @x/checkpoint and @x/trainer-core',
    );
  }
  const migrate = MIGRATIONS[version];
  return migrate === undefined ? contents : migratedManifest(migrate(contents), file);
}
