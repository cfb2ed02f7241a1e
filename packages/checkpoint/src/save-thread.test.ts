import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { SaveJob } from './save-job.js';
import { SaveThread } from './save-thread.js';

/** Stands in for the thread: answers at once, and says what is wrong with a job as the real one does. */
class FakeWorker extends EventEmitter {
  static only: FakeWorker;
  isKeepingAlive = true;

  constructor() {
    super();
    FakeWorker.only = this;
  }

  ref(): void {
    this.isKeepingAlive = true;
  }

  unref(): void {
    this.isKeepingAlive = false;
  }

  postMessage(job: SaveJob, transfer: ArrayBuffer[]): void {
    structuredClone(job, { transfer });
    setImmediate(() => this.emit('message', { warnings: ['done'] }));
  }
}

jest.mock('node:worker_threads', () => ({ Worker: jest.fn() }));

const jobWith = (file: Uint8Array): SaveJob => ({ files: { a: file } }) as unknown as SaveJob;

test('a job that cannot be sent fails, and neither keeps the process alive nor disturbs the next one', async () => {
  jest.mocked(Worker).mockImplementation((() => new FakeWorker()) as never);
  const thread = new SaveThread({ module: '', name: '', options: null });
  const sentBefore = new Uint8Array(3);
  expect(await thread.carryOut(jobWith(sentBefore))).toEqual(['done']);
  await expect(thread.carryOut(jobWith(sentBefore))).rejects.toThrow('clone');
  expect(FakeWorker.only.isKeepingAlive).toBe(false);
  FakeWorker.only.emit('message', { warnings: ['stray'] });
  const next = thread.carryOut(jobWith(new Uint8Array(3)));
  expect(FakeWorker.only.isKeepingAlive).toBe(true);
  expect(await next).toEqual(['done']);
  expect(FakeWorker.only.isKeepingAlive).toBe(false);
});
