import { MetricTracker, parseWatchedMetric } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { number } from '../lib/compare.mjs';
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
}
