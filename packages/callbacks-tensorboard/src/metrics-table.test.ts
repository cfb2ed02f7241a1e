import { metricsTable } from './metrics-table.js';

test('has a row a metric, by name, and N/A where a split has none', () => {
  expect(metricsTable({ loss: 2.90715, reg_loss: 0, steps: 1e6 }, { loss: 5.5889, auc: Number.NaN })).toEqual([
    '             Training |  Validation',
    'auc      |       N/A  |       nan',
    'loss     |     2.907  |     5.589',
    'reg_loss |     0.000  |       N/A',
    'steps    |  1000000.000  |       N/A',
  ]);
});

// Recorded from AllenNLP 1.0; its longest name there is that of the memory metric.
test('has the columns of the original', () => {
  const [header, , row] = metricsTable({ mae: 1.3617, loss: 2.907, worker_0_memory_MB: 1 }, { mae: 2.1434 });

  expect(header).toBe('                       Training |  Validation');
  expect(row).toBe('mae                |     1.362  |     2.143');
});
