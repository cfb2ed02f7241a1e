import { MovingAverage, ParameterSet } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { ParityRun } from '../lib/run.mjs';
import { tensor, values, variables } from '../lib/tensors.mjs';

const TOLERANCE = 2e-6;

/** moving_average.json: shadows after each update, averages assigned and restored. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => averageCase(fixture) }));
}

function averageCase({ config, initial, steps, assign_twice_then_restore: twice }) {
  const weights = variables(initial);
  const run = new ParityRun({ parameters: ParameterSet.of(weights) });
  const average = run.build(MovingAverage, config);
  steps.forEach((step, i) => {
    for (const [name, data] of Object.entries(step.parameters))
      weights[name].assign(tensor({ shape: weights[name].shape, data }));
    average.apply(step.num_updates);
    compare(step.shadow, values(Object.fromEntries(average.shadows)), `steps[${i}].shadow`, TOLERANCE);
    if (step.after_assign === undefined) return;
    average.assignAverageValue();
    compare(step.after_assign, values(weights), `steps[${i}].after_assign`, TOLERANCE);
    average.restore();
    compare(step.after_restore, values(weights), `steps[${i}].after_restore`, TOLERANCE);
  });
  if (twice === undefined) return;
  average.assignAverageValue();
  average.assignAverageValue();
  average.restore();
  compare(twice.after_restore ?? twice, values(weights), 'assign_twice_then_restore', TOLERANCE);
}
