import { MetricTracker, parseWatchedMetric } from '@x/trainer-core';

import { compare, number } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { camelCaseKeys } from '../lib/names.mjs';

/** metric_tracker.json: best so far, patience, state. */
export function cases({ cases: all, constructor_errors: errors }) {
  return [
    ...all.map((fixture) => ({ name: fixture.name, fixture, run: () => trackerCase(fixture) })),
    ...errors.map((fixture, i) => ({
      name: `constructor_errors[${i}]`,
      fixture,
      run: () => expectError(fixture.error, () => start(fixture.constructor)),
    })),
  ];
}

function start({ patience = null, metric_name: metricName, should_decrease: shouldDecrease }) {
  const decreasing = metricName === undefined ? shouldDecrease : parseWatchedMetric(metricName).shouldDecrease;
  return new MetricTracker(decreasing, patience);
}

function trackerCase(fixture) {
  const tracker = start(fixture.constructor);
  compare(fixture.initial_is_best_so_far, tracker.isBestSoFar, 'initial_is_best_so_far', 0);
  compare(fixture.initial_should_stop_early, tracker.shouldStopEarly(), 'initial_should_stop_early', 0);
  let resumed;
  fixture.metrics.forEach((metric, i) => {
    for (const each of [tracker, resumed]) each?.addMetric(number(metric));
    for (const [who, each] of Object.entries({ tracker, resumed })) {
      if (each === undefined) continue;
      const { isBestSoFar, bestEpoch } = each;
      const received = {
        is_best_so_far: isBestSoFar,
        should_stop_early: each.shouldStopEarly(),
        best_epoch: bestEpoch,
      };
      compare(fixture.after_each[i], received, `after_each[${i}] (${who})`, 0);
    }
    if (i !== fixture.state_after_index) return;
    compare(camelCaseKeys(fixture.state), tracker.stateDict(), 'state', 0);
    resumed = start(fixture.constructor);
    resumed.loadStateDict(structuredClone(tracker.stateDict()));
  });
  // The fixture gave its tracker these metrics first, to show that they stay.
  tracker.bestEpochMetrics = fixture.state_after_clear.best_epoch_metrics;
  tracker.clear();
  compare(camelCaseKeys(fixture.state_after_clear), tracker.stateDict(), 'state_after_clear', 0);
}
