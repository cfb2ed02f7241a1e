import { createHash } from 'node:crypto';

import { CheckpointError, FORMAT_VERSION } from '@x/trainer-core';
import { z } from 'zod';

import { migratedManifest } from './migrations.js';

const Digest = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() });

const Contents = z.strictObject({
  format: z.literal('x-checkpoint'),
  version: z.literal(FORMAT_VERSION),
  position: z.strictObject({ epoch: z.int(), batchesThisEpoch: z.int(), batchNumTotal: z.int() }),
  /** When this checkpoint was saved and when its training began, in milliseconds since 1970. */
  savedAt: z.number(),
  startedAt: z.number(),
  /** Whether its weights were the best ones when it was saved. */
  best: z.boolean(),
  /** The validation metrics of the epoch that ended; those that are not finite are left out. */
  metrics: z.record(z.string(), z.number()),
  files: z.record(z.string(), Digest),
});

/** What a checkpoint consists of. It is written last: a checkpoint without it does not exist. */
export type Manifest = Omit<z.output<typeof Contents>, 'format' | 'version'>;

/** The largest manifest that is read, in bytes. */
export const MAX_MANIFEST_BYTES = 1 << 20;

/** Size and SHA-256 of a file. */
export type Digest = z.output<typeof Digest>;

/** The manifest as a file that carries its own checksum. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const contents = { format: 'x-checkpoint', version: FORMAT_VERSION, ...manifest };
  const checked = { ...contents, sha256: sha256(JSON.stringify(contents)) };
  return new TextEncoder().encode(`${JSON.stringify(checked, null, 2)}\n`);
}

/**
 * A manifest of this version, or of an older one in the form of this.
 *
 * @throws CheckpointError naming the file: `X_CHECKPOINT_CORRUPT`, or `X_CHECKPOINT` for one of a newer release.
 */
export function decodeManifest(bytes: Uint8Array, file: string): Manifest {
  const fail = (cause: string, error?: unknown): CheckpointError =>
    new CheckpointError('X_CHECKPOINT_CORRUPT', `${file} is not a valid checkpoint manifest: ${cause}`, {
      cause: error,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw fail('it is not JSON', error);
  }
  const { sha256: sum, ...contents } = Object(parsed) as Record<string, unknown>;
  if (sum !== sha256(JSON.stringify(contents))) throw fail('its checksum is wrong');
  const result = Contents.safeParse(migratedManifest(contents, file));
  if (!result.success) throw fail(z.prettifyError(result.error));
  const { position, savedAt, startedAt, best, metrics, files } = result.data;
  return { position, savedAt, startedAt, best, metrics, files };
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
