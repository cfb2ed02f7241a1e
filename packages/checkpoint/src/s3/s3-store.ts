import type { Readable } from 'node:stream';

import type { GetOptions, StoreRecipe } from '@x/trainer-core';
import { CheckpointError, CheckpointStore, parseOptions } from '@x/trainer-core';
import { z } from 'zod';

import { s3Advice } from './s3-advice.js';
import type { S3Connection } from './s3-client.js';
import { connect } from './s3-client.js';

/** Files above this size are sent in parts of it, several at a time. S3 takes 10,000 parts: files of up to 80 GB. */
export const PART_BYTES = 8 * 2 ** 20;

export const S3StoreOptions = z.strictObject({
  bucket: z.string().min(1).describe('The bucket, which must exist'),
  prefix: z
    .string()
    .refine(isRelativePath, 'expected a path such as "runs/mnist", without a slash at its ends')
    .describe('Where in the bucket checkpoints are kept. Each run needs one of its own'),
  region: z
    .string()
    .min(1)
    .nullable()
    .default(null)
    .describe('The region of the bucket; null is that of the environment (AWS_REGION) or the profile'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !url.includes('@'), 'expected no user and password; credentials are never part of a config')
    .nullable()
    .default(null)
    .describe('The URL of a service that speaks S3; null is Amazon S3'),
  forcePathStyle: z
    .boolean()
    .default(false)
    .describe('Whether the bucket goes into the path instead of the host name, as services of your own often need'),
  timeoutSeconds: z
    .number()
    .positive()
    .default(60)
    .describe('Seconds of silence after which a request has failed; it is tried three times'),
});

/**
 * Keeps checkpoints in a bucket of Amazon S3, or of a service that speaks its protocol.
 *
 * An object appears whole or not at all, and is seen by every read after its write: so nothing is staged, and the
 * manifest, put last, is what makes a checkpoint. Every upload carries its SHA-256, which the service checks.
 * Commits are unconditional, because a repeated request whose first answer was lost would fail on its own success.
 *
 * Credentials come from the client's own chain (environment, profile, web identity, role of the machine), never from
 * options. The peers `@aws-sdk/client-s3` and `@aws-sdk/lib-storage` are loaded when the store is first used.
 */
@CheckpointStore.register('s3', S3StoreOptions)
export class S3Store extends CheckpointStore {
  private readonly options: z.output<typeof S3StoreOptions>;
  private connection: Promise<S3Connection> | undefined;

  constructor(options: z.input<typeof S3StoreOptions>) {
    super();
    this.options = parseOptions(S3StoreOptions, options, 'S3Store');
  }

  override async put(path: string, content: Uint8Array): Promise<void> {
    const object = this.locate(path);
    await this.orExplain('written', path, async ({ s3, uploads }) => {
      const params = { ...object, Body: content, ChecksumAlgorithm: 'SHA256' as const };
      await new uploads.Upload({ client: s3, params, partSize: PART_BYTES }).done();
    });
  }

  override async get(path: string, { bytes, maxBytes, onChunk }: GetOptions = {}): Promise<Uint8Array> {
    const object = this.locate(path);
    return this.orExplain('read', path, async ({ s3, client }) => {
      const answer = await s3.send(new client.GetObjectCommand(object));
      const body = answer.Body as Readable;
      const size = answer.ContentLength ?? 0;
      const wrong = (bytes !== undefined && size !== bytes) || (maxBytes !== undefined && size > maxBytes);
      if (!wrong) return collect(body, size, onChunk);
      body.destroy();
      throw new CheckpointError(
        'X_CHECKPOINT_CORRUPT',
        `${this.url(path)} is damaged: it has ${size} bytes instead of ${bytes ?? `at most ${maxBytes}`}`,
      );
    });
  }

  override async list(): Promise<string[]> {
    const { bucket, prefix } = this.options;
    const folder = `${prefix}/`;
    return this.orExplain('listed', '', async ({ s3, client }) => {
      const keys: string[] = [];
      for await (const page of client.paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: folder }))
        keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      // A key that ends with a slash is what web consoles make for an empty folder.
      return keys.filter((key) => !key.endsWith('/')).map((key) => key.slice(folder.length));
    });
  }

  override async delete(path: string): Promise<void> {
    const object = this.locate(path);
    await this.orExplain('deleted', path, ({ s3, client }) => s3.send(new client.DeleteObjectCommand(object)));
  }

  override async commit(path: string, manifest: Uint8Array): Promise<void> {
    await this.put(path, manifest);
  }

  override recipe(): StoreRecipe | null {
    if (this.constructor !== S3Store) return null;
    return { module: import.meta.url, name: 'S3Store', options: this.options };
  }

  private locate(path: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.options;
    if (isRelativePath(path)) return { Bucket: bucket, Key: `${prefix}/${path}` };
    throw new CheckpointError(
      'X_CHECKPOINT',
      `the path "${path}" is outside of ${this.url('')}, or not in its simplest form; paths are relative to it`,
    );
  }

  private url(path: string): string {
    return `s3://${this.options.bucket}/${this.options.prefix}/${path}`;
  }

  private async orExplain<T>(verb: string, path: string, send: (to: S3Connection) => Promise<T>): Promise<T> {
    try {
      return await send(await (this.connection ??= connect(this.options)));
    } catch (error) {
      if (error instanceof CheckpointError) throw error;
      const message = `${this.url(path)} could not be ${verb}: ${s3Advice(error, this.options)}`;
      throw new CheckpointError('X_CHECKPOINT', message, { cause: error });
    }
  }
}

/** Reads a body of known size without a second copy. A connection that breaks off is an error of the network, not damage. */
async function collect(body: Readable, size: number, onChunk: GetOptions['onChunk']): Promise<Uint8Array> {
  const content = new Uint8Array(size);
  let received = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    content.set(chunk, received);
    onChunk?.(chunk);
    received += chunk.length;
  }
  if (received === size) return content;
  throw new Error(`the connection ended after ${received} of ${size} bytes; try again`);
}

function isRelativePath(path: string): boolean {
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}
