import { metricsTable } from './metrics-table.js';

describe('metricsTable', () => {
  it('has a row per metric and a column per kind of data', () => {
    expect(
      metricsTable({
        best_epoch: 1,
        epoch: 2,
        training_duration: '0:00:05',
        training_start_epoch: 0,
        training_epochs: 2,
        training_loss: 0.5,
        training_reg_loss: 0,
        training_worker_0_memory_MB: 120,
        validation_loss: 0.6,
        best_validation_loss: 0.55,
        test_loss: 1234567,
      }),
    ).toEqual(['       training   validation     best      test', 'loss     0.5000       0.6000   0.5500   1234567']);
  });

  it('shows a metric that is 0, and leaves out a penalty that there is not', () => {
    expect(metricsTable({ training_accuracy: 0, training_reg_loss: 0 })).toEqual([
      '           training',
      'accuracy          0',
    ]);
  });

  it('leaves out columns that the run does not have', () => {
    expect(metricsTable({ training_loss: 0.5 })).toEqual(['       training', 'loss     0.5000']);
  });
});
