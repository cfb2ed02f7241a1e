import '@tensorflow/tfjs';

import { lineBatches, LineModel, MomentumDescent } from '../__fixtures__/small-run.js';
import { ParameterSet } from '../state/parameters.js';
import { rulesOf } from './compatibility.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { MetricTracker } from './metric-tracker.js';
import { Report } from './report.js';

const RULES = rulesOf({ compatibility: null });

it('a run returns metrics of the names that the original gives them', async () => {
  const model = new LineModel();
  const metrics = await new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(2),
    validationDataLoader: lineBatches(1),
    numEpochs: 1,
  }).train();
  const each = ['error', 'loss', 'reg_loss'];
  expect(Object.keys(metrics).sort()).toEqual(
    [
      ...['best_epoch', 'epoch', 'training_duration', 'training_start_epoch', 'training_epochs'],
      ...['peak_worker_0_memory_MB', 'training_worker_0_memory_MB'],
      ...['training_', 'validation_', 'best_validation_'].flatMap((prefix) => each.map((name) => prefix + name)),
    ].sort(),
  );
});

it('a peak is the highest of all epochs, and counts from their training on', () => {
  const report = new Report(new MetricTracker(true), RULES, null);
  report.start(0);
  for (const memory of [2, 5, 3]) report.epochTrained({ loss: 1, worker_0_memory_MB: memory });
  expect(report.metrics).toEqual({ best_epoch: null, peak_worker_0_memory_MB: 5 });
});

it('goes on from what the tracker knows of the best epoch, and tells it of a better one', async () => {
  const tracker = new MetricTracker(true);
  Object.assign(tracker, { bestEpoch: 3, bestEpochMetrics: { loss: 2 } });
  const report = new Report(tracker, RULES, null);
  report.start(4);
  expect(report.metrics).toEqual({ best_epoch: 3, best_validation_loss: 2 });
  await report.epochEnded({ epoch: 4, training: { loss: 9 }, validation: { loss: 7 }, isBestSoFar: false });
  expect(report.metrics).toMatchObject({ best_epoch: 3, best_validation_loss: 2, validation_loss: 7 });
  await report.epochEnded({ epoch: 5, training: { loss: 8 }, validation: { loss: 1 }, isBestSoFar: true });
  expect(report.metrics).toMatchObject({ best_epoch: 5, best_validation_loss: 1, training_epochs: 1 });
  expect(tracker.bestEpochMetrics).toEqual({ loss: 1 });
});

it('an epoch that is not validated leaves the last validation metrics', async () => {
  const report = new Report(new MetricTracker(true), RULES, null);
  report.start(0);
  await report.epochEnded({ epoch: 0, training: { loss: 9 }, validation: { loss: 7 }, isBestSoFar: true });
  await report.epochEnded({ epoch: 1, training: { loss: 8 }, validation: null, isBestSoFar: false });
  expect(report.metrics).toMatchObject({ epoch: 1, training_loss: 8, validation_loss: 7, best_epoch: 0 });
});

it('goes on from the metrics that were saved, once', async () => {
  const saved = new Report(new MetricTracker(true), RULES, null);
  saved.start(0);
  await saved.epochEnded({ epoch: 0, training: { loss: 9 }, validation: null, isBestSoFar: false });
  const report = new Report(new MetricTracker(true), RULES, null);
  report.loadStateDict({ ...saved.stateDict(), seconds: 100 });
  expect(report.stateDict()['seconds']).toBeGreaterThanOrEqual(100);
  report.start(1);
  expect(report.metrics).toEqual(saved.metrics);
  report.start(0);
  expect(report.metrics).toEqual({ best_epoch: null });
});

it('a run that goes on has its metrics in the order of one that was not stopped', async () => {
  const tracker = new MetricTracker(true);
  const saved = new Report(tracker, RULES, null);
  saved.start(0);
  tracker.addMetric(7, 0);
  await saved.epochEnded({ epoch: 0, training: { loss: 9 }, validation: { loss: 7 }, isBestSoFar: true });
  const report = new Report(tracker, RULES, null);
  report.loadStateDict(saved.stateDict());
  report.start(1);
  expect(Object.entries(report.metrics)).toEqual(Object.entries(saved.metrics));
});
