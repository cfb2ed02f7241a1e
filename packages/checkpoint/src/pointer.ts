import { BEST_POINTER, CheckpointError } from '@x/trainer-core';
import { z } from 'zod';

/** The pointers at the root of a store. */
export const LATEST = 'latest.json';
export const BEST = BEST_POINTER;

const Contents = z.union([z.strictObject({ checkpoint: z.string() }), z.strictObject({ weights: z.string() })]);

/**
 * What a pointer names: the folder of a checkpoint, or, where somebody keeps nothing but weights (an unpacked archive does),
 * their file. Paths are relative to the root of the store.
 */
export type Pointer = z.output<typeof Contents>;

export function encodePointer(pointer: Pointer): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(pointer)}\n`);
}

/** @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) naming the file. */
export function decodePointer(bytes: Uint8Array, file: string): Pointer {
  try {
    return Contents.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (error) {
    throw new CheckpointError(
      'X_CHECKPOINT_CORRUPT',
      `${file} is damaged: expected { "checkpoint": "<folder>" }; write the folder of the checkpoint that is meant into it`,
      { cause: error },
    );
  }
}
