import v8 from 'node:v8';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';

/** Samples the memory of the whole process every millisecond, from a thread that nothing else keeps busy. */
const SAMPLER = `
  const { workerData } = require('node:worker_threads');
  const peak = new Float64Array(workerData);
  const until = new Int32Array(workerData, 8);
  while (Atomics.wait(until, 0, 0, 1) === 'timed-out') peak[0] = Math.max(peak[0], process.memoryUsage.rss());
`;

export class MemoryPeak {
  /** The bytes by which the resident memory of this process grew at most while something ran. */
  static async during(run) {
    const shared = new SharedArrayBuffer(16);
    const sampler = new Worker(SAMPLER, { eval: true, workerData: shared });
    await new Promise((resolve) => sampler.once('online', resolve));
    collectGarbage();
    const before = process.memoryUsage.rss();
    await run();
    const ended = new Promise((resolve) => sampler.once('exit', resolve));
    Atomics.store(new Int32Array(shared, 8), 0, 1);
    Atomics.notify(new Int32Array(shared, 8), 0);
    await ended;
    return Math.max(0, new Float64Array(shared)[0] - before);
  }
}

export function collectGarbage() {
  v8.setFlagsFromString('--expose-gc');
  vm.runInNewContext('gc')();
}
