import { withLog } from '@x/trainer-core';

import { dataLoader } from './index.js';

const infoOf = (options: object): string[] => {
  const lines: string[] = [];
  withLog({ info: (line) => void lines.push(line), warn: () => undefined }, () => dataLoader([{ x: 1 }], options));
  return lines;
};

test('options for worker processes have no effect, which one line says', () => {
  expect(infoOf({ num_workers: 4, pin_memory: true, timeout: 0, worker_init_fn: null })).toEqual([
    'The data loader has no use for numWorkers, pinMemory: batches are made in this process; ' +
      '"prefetch" makes batches ahead of their use.',
  ]);
  expect(infoOf({ multiprocessing_context: 'spawn' })).toEqual([
    'The data loader has no use for multiprocessingContext: batches are made in this process.',
  ]);
});

test('their defaults say nothing', () => {
  expect(
    infoOf({ num_workers: 0, pin_memory: false, batches_per_epoch: null, sampler: null, batch_sampler: null }),
  ).toEqual([]);
});
