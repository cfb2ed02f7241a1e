import type { MemoryReport } from '@x/trainer-core';
import {
  BatchCallback,
  Communicator,
  component,
  Engine,
  Registry,
  RunContainer,
  TensorboardWriter,
  tokenOf,
  withRegistry,
} from '@x/trainer-core';

import { DefaultTensorboardWriter } from './default-tensorboard-writer.js';
import { gatherMemory } from './gather-memory.js';
import plugin from './plugin.js';
import * as published from './index.js';
import { TensorboardBatchMemoryUsage } from './tensorboard-batch-memory-usage.js';

const inUse = (hostBytes: number, ...devices: number[]): MemoryReport => ({
  hostBytes,
  tensors: hostBytes / 10,
  deviceBytes: Object.fromEntries(devices.map((bytes, i) => [`cuda:${i}`, bytes])),
});

function engineWith(report: MemoryReport): Engine {
  return { memory: () => report } as Engine;
}

/** A writer that only listens. */
class Listener extends DefaultTensorboardWriter {
  readonly heard: [reports: readonly MemoryReport[], step: number][] = [];

  constructor() {
    super({}, null);
  }

  override logMemory(reports: readonly MemoryReport[], step: number): void {
    this.heard.push([reports, step]);
  }
}

/** Workers of one process that meet at each call. */
function workers(worldSize: number): Communicator[] {
  let waiting: { values: Readonly<Record<string, number>>; resolve: (sum: Record<string, number>) => void }[] = [];
  class Worker extends Communicator {
    override readonly worldSize = worldSize;
    override readonly isMaster: boolean;

    constructor(override readonly rank: number) {
      super();
      this.isMaster = rank === 0;
    }

    override allReduceSum(values: Readonly<Record<string, number>>): Promise<Record<string, number>> {
      return new Promise((resolve) => {
        waiting.push({ values, resolve });
        if (waiting.length < worldSize) return;
        const [met, keys] = [waiting, Object.keys(waiting[0]!.values)];
        waiting = [];
        for (const worker of met) expect(Object.keys(worker.values)).toEqual(keys);
        const sums = keys.map((key): [string, number] => [
          key,
          met.reduce((sum, worker) => sum + worker.values[key]!, 0),
        ]);
        for (const worker of met) worker.resolve(Object.fromEntries(sums));
      });
    }

    override async allReduceMean(): Promise<void> {}
    override async allContinue(goesOn: boolean): Promise<boolean> {
      return goesOn;
    }
    override async barrier(): Promise<void> {}
  }
  return Array.from({ length: worldSize }, (_, rank) => new Worker(rank));
}

test('one process logs its own memory at the number of the step', async () => {
  const writer = new Listener();
  const callback = new TensorboardBatchMemoryUsage(engineWith(inUse(100, 7)), writer);
  await callback.onBatch({ batchNumTotal: 12 });
  expect(writer.heard).toEqual([[[inUse(100, 7)], 12]]);
});

test('every worker learns the memory of all, also when they have different numbers of devices', async () => {
  const reports = [inUse(100, 1, 2), inUse(200), inUse(300, 3)];
  const gathered = await Promise.all(workers(3).map((worker, rank) => gatherMemory(reports[rank]!, worker)));
  const expected = [
    { hostBytes: 100, tensors: 10, deviceBytes: { device0: 1, device1: 2 } },
    { hostBytes: 200, tensors: 20, deviceBytes: {} },
    { hostBytes: 300, tensors: 30, deviceBytes: { device0: 3 } },
  ];
  expect(gathered).toEqual([expected, expected, expected]);
});

test('of several workers only the master logs', async () => {
  const writers = [new Listener(), new Listener()];
  await Promise.all(
    workers(2).map((worker, rank) =>
      new TensorboardBatchMemoryUsage(engineWith(inUse(100 * (rank + 1))), writers[rank]!, worker).onBatch({
        batchNumTotal: 3,
      }),
    ),
  );
  expect(writers[0]!.heard).toEqual([
    [[expect.objectContaining({ hostBytes: 100 }), expect.objectContaining({ hostBytes: 200 })], 3],
  ]);
  expect(writers[1]!.heard).toEqual([]);
});

test('in a run it finds engine and writer by itself', async () => {
  const registry = new Registry([plugin]);
  const run = new RunContainer(registry);
  const writer = new Listener();
  run.provide(tokenOf(Engine), engineWith(inUse(50)));
  run.provide(tokenOf(TensorboardWriter), writer);
  const callback = run.build(withRegistry(registry, () => component(BatchCallback).parse('tensorboard-memory-usage')));
  await (callback as TensorboardBatchMemoryUsage).onBatch({ batchNumTotal: 1 });
  expect(writer.heard).toEqual([[[inUse(50)], 1]]);
});

test("the original's spelling is the same class", () => {
  expect(published.TensoboardBatchMemoryUsage).toBe(published.TensorboardBatchMemoryUsage);
});
