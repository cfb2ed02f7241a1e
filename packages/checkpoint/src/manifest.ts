import { createHash } from 'node:crypto';

import { CheckpointError } from '@x/trainer-core';
import { z } from 'zod';

const VERSION = 1;

const Digest = z.strictObject({ bytes: z.int().nonnegative(), sha256: z.string() });

const Contents = z.strictObject({
  format: z.literal('x-checkpoint'),
  version: z.literal(VERSION),
  position: z.strictObject({ epoch: z.int(), batchesThisEpoch: z.int(), batchNumTotal: z.int() }),
  /** When this checkpoint was saved and when its training began, in milliseconds since 1970. */
  savedAt: z.number(),
  startedAt: z.number(),
  files: z.record(z.string(), Digest),
});

/** What a checkpoint consists of. It is written last: a checkpoint without it does not exist. */
export type Manifest = Omit<z.output<typeof Contents>, 'format' | 'version'>;

/** Size and SHA-256 of a file. */
export function digest(content: Uint8Array): { bytes: number; sha256: string } {
  return { bytes: content.length, sha256: sha256(content) };
}

/** The manifest as a file that carries its own checksum. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  const contents = { format: 'x-checkpoint', version: VERSION, ...manifest };
  const checked = { ...contents, sha256: sha256(JSON.stringify(contents)) };
  return new TextEncoder().encode(`${JSON.stringify(checked, null, 2)}\n`);
}

/** @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) naming the file. */
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
  const result = Contents.safeParse(contents);
  if (!result.success) throw fail(z.prettifyError(result.error));
  const { position, savedAt, startedAt, files } = result.data;
  return { position, savedAt, startedAt, files };
}

function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}
