import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

import type { Digest } from './manifest.js';

/**
 * A seventh of a millisecond of hashing: what each call of a write that is under way waits at most. (100 MB in two files, each
 * hashed while it is written: 61 ms; with steps of 1 MB 78, of 4 MB 83, without hashing 57.)
 */
const STEP = 256 << 10;

/** The digest of a content, leaving the event loop to others in between: to be computed while the content is written. */
export async function digestInSteps(content: Uint8Array): Promise<Digest> {
  const digest = new RunningDigest();
  for (let begin = 0; begin < content.length; begin += STEP) {
    digest.add(content.subarray(begin, begin + STEP));
    await setImmediate();
  }
  return { bytes: content.length, sha256: digest.of(content) };
}

/** The SHA-256 of a content that comes in pieces, or has not come in pieces at all. */
export class RunningDigest {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  add(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.bytes += chunk.length;
  }

  /** As hex digits, once `content` has been added, unless nothing was: then it is added now. */
  of(content: Uint8Array): string {
    if (this.bytes === 0) this.add(content);
    return this.hash.digest('hex');
  }
}
