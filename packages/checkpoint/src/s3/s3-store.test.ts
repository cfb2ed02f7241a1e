import '@tensorflow/tfjs';
import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';

import { checkpointerContract, checkpointStoreContract, MomentumDescent, tinyRegression, toHost } from '@x/testing';
import {
  BatchCallback,
  CheckpointStore,
  ComponentSpec,
  ConfigError,
  GradientDescentTrainer,
  InterruptedError,
  ParameterSet,
  Registry,
  RunContainer,
  tokenOf,
  withLog,
} from '@x/trainer-core';

import type { S3Server } from '../__fixtures__/s3-server.js';
import { startS3Server } from '../__fixtures__/s3-server.js';
import { DefaultCheckpointer } from '../default-checkpointer.js';
import plugin from '../plugin.js';
import { PART_BYTES, S3Store } from './s3-store.js';

let server: S3Server;
beforeAll(async () => (server = await startS3Server()));

/** What this run of the tests stores is below it; each test has a prefix of its own there. */
const BASE = `x-test/${randomUUID()}`;
afterAll(async () => {
  const all = storeAt('');
  for (const path of await all.list()) await all.delete(path);
  await server.stop();
});

const storeAt = (prefix: string): S3Store =>
  new S3Store({ ...server.options, prefix: prefix === '' ? BASE : `${BASE}/${prefix}` });

checkpointStoreContract({ describe, it }, { name: 'S3Store', make: (folder) => storeAt(basename(folder)) });

checkpointerContract(
  { describe, it },
  {
    name: 'DefaultCheckpointer over S3',
    make: (folder) => new DefaultCheckpointer({ store: storeAt(basename(folder)) }),
  },
);

describe('objects', () => {
  test('a file above the size of a part is sent in parts, and comes back whole', async () => {
    const prefix = randomUUID();
    const content = new Uint8Array(PART_BYTES + 1).map((_, i) => (i * 31) >> 8);
    await storeAt(prefix).put('a/large', content);
    const read = await storeAt(prefix).get('a/large', { bytes: content.length });
    expect(Buffer.compare(read, content)).toBe(0);
  });

  test.each([
    [{ bytes: 11 }, '11'],
    [{ maxBytes: 9 }, 'at most 9'],
  ])('another size than is expected is damage: %j', async (options, expected) => {
    const prefix = randomUUID();
    await storeAt(prefix).commit('x', new Uint8Array(10));
    expect(await storeAt(prefix).get('x', { bytes: 10, maxBytes: 10 })).toHaveLength(10);
    await expect(storeAt(prefix).get('x', options)).rejects.toMatchObject({
      code: 'X_CHECKPOINT_CORRUPT',
      message: `s3://${server.options.bucket}/${BASE}/${prefix}/x is damaged: it has 10 bytes instead of ${expected}`,
    });
  });

  test('a prefix that begins like another one is another place', async () => {
    const prefix = randomUUID();
    await storeAt(`${prefix}/run`).commit('x', new Uint8Array(1));
    await storeAt(`${prefix}/run2`).commit('y', new Uint8Array(1));
    expect(await storeAt(`${prefix}/run`).list()).toEqual(['x']);
  });

  test('the folders that web consoles make are no files', async () => {
    const prefix = randomUUID();
    const { DeleteObjectCommand, PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
    const { bucket: Bucket, ...service } = server.options;
    await new S3Client(service).send(
      new PutObjectCommand({ Bucket, Key: `${BASE}/${prefix}/empty/`, Body: new Uint8Array() }),
    );
    expect(await storeAt(prefix).list()).toEqual([]);
    await new S3Client(service).send(new DeleteObjectCommand({ Bucket, Key: `${BASE}/${prefix}/empty/` }));
  });

  test('a recipe builds the same store', async () => {
    const prefix = randomUUID();
    await storeAt(prefix).commit('x', new Uint8Array(3));
    const { name, options } = storeAt(prefix).recipe()!;
    expect(name).toBe(S3Store.name);
    expect(await new S3Store(options as ConstructorParameters<typeof S3Store>[0]).list()).toEqual(['x']);
    class Logged extends S3Store {}
    expect(new Logged({ ...server.options, prefix }).recipe()).toBeNull();
  });
});

class AbortAfter extends BatchCallback {
  private steps = 0;

  constructor(
    private readonly controller: AbortController,
    private readonly stopAfter: number,
  ) {
    super();
  }

  override onBatch(): void {
    if (++this.steps === this.stopAfter) this.controller.abort();
  }
}

/** The weights after training with a new process's checkpointer, from where the last one stood, to the third epoch's end. */
async function train(prefix: string, stopAfter = Infinity): Promise<unknown> {
  const checkpointer = new DefaultCheckpointer({ store: storeAt(prefix) });
  const model = tinyRegression();
  const optimizer = new MomentumDescent({ lr: 0.05, momentum: 0.5 }, ParameterSet.of(model.namedVariables()));
  const abort = new AbortController();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer,
    dataLoader: model.batches,
    numEpochs: 3,
    checkpointer,
    batchCallbacks: [new AbortAfter(abort, stopAfter)],
  });
  try {
    await trainer.train({ signal: abort.signal }).catch((error: unknown) => {
      if (!(error instanceof InterruptedError)) throw error;
    });
    await checkpointer.flush();
    return await toHost(model.namedVariables());
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

describe('a run that keeps its checkpoints in S3', () => {
  let warnings: string[];
  const quietly = <T>(run: () => Promise<T>): Promise<T> =>
    withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, run);
  beforeEach(() => (warnings = []));

  let whole: unknown;
  beforeAll(async () => {
    warnings = [];
    whole = await quietly(() => train(randomUUID()));
  });

  test('goes on after an interruption as if there had been none, bit for bit', async () => {
    const prefix = randomUUID();
    for (const stopAfter of [1, 6, 3]) expect(await quietly(() => train(prefix, stopAfter))).not.toEqual(whole);
    expect(await quietly(() => train(prefix))).toEqual(whole);
    expect(warnings).toEqual([]);
  });

  test('goes on from the checkpoint before, with a warning, when the newest one is damaged', async () => {
    const prefix = randomUUID();
    await quietly(() => train(prefix));
    const path = 'checkpoints/epoch_2/model_state.safetensors';
    const content = await storeAt(prefix).get(path);
    content[content.length - 1]! ^= 1;
    await storeAt(prefix).put(path, content);
    expect(await quietly(() => train(prefix))).toEqual(whole);
    expect(warnings).toEqual([expect.stringMatching(/epoch_2.*epoch_1/s)]);
  });

  test('does not see what a killed run had put but not committed, and clears it away with the next save', async () => {
    const prefix = randomUUID();
    const store = storeAt(prefix);
    await quietly(() => train(prefix, 7));
    const weights = await store.get((await store.list()).find((path) => path.endsWith('model_state.safetensors'))!);
    await store.put('checkpoints/epoch_7/model_state.safetensors', weights);
    expect(await quietly(() => train(prefix))).toEqual(whole);
    expect(warnings).toEqual([]);
    expect((await store.list()).filter((path) => path.startsWith('checkpoints/epoch_7/'))).toEqual([]);
  });
});

describe('in a config', () => {
  function build(options: object): CheckpointStore {
    const registry = new Registry([plugin]);
    const run = new RunContainer(registry);
    const registration = registry.find('checkpointStore', 's3')!;
    run.provideComponent(CheckpointStore, new ComponentSpec<CheckpointStore>(registration, options));
    return run.get(tokenOf(CheckpointStore));
  }

  test('it is found as "s3"', async () => {
    const prefix = randomUUID();
    await build({ ...server.options, prefix: `${BASE}/${prefix}` }).commit('x', new Uint8Array(1));
    expect(await storeAt(prefix).list()).toEqual(['x']);
  });

  test.each([
    [{ bucket: 'b' }, 'prefix'],
    [{ bucket: 'b', prefix: '/a' }, 'without a slash at its ends'],
    [{ bucket: 'b', prefix: 'a/' }, 'without a slash at its ends'],
    [{ bucket: 'b', prefix: 'a/../b' }, 'without a slash at its ends'],
    [{ bucket: '', prefix: 'a' }, 'bucket'],
    [{ bucket: 'b', prefix: 'a', accessKeyId: 'x' }, 'accessKeyId'],
    [{ bucket: 'b', prefix: 'a', endpoint: 'https://user:secret@host' }, 'credentials are never part of a config'],
    [{ bucket: 'b', prefix: 'a', endpoint: 'ftp://host' }, 'endpoint'],
    [{ bucket: 'b', prefix: 'a', timeoutSeconds: 0 }, 'timeoutSeconds'],
  ])('%j is refused', (options, problem) => {
    expect(() => new S3Store(options as ConstructorParameters<typeof S3Store>[0])).toThrow(ConfigError);
    expect(() => new S3Store(options as ConstructorParameters<typeof S3Store>[0])).toThrow(problem);
  });
});
