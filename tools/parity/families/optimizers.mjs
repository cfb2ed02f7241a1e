import * as tf from '@tensorflow/tfjs-core';
import { cloneState, Optimizer, ParameterSet } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { camelCase } from '../lib/names.mjs';
import { ParityRun } from '../lib/run.mjs';
import { tensor, values, variables } from '../lib/tensors.mjs';

const TOLERANCE = 2e-6;

/** optimizers.json: 30 steps of given gradients; parameters after each, states after 12 and at the end, resume. */
export function cases({ cases: all, initial, grad_streams: streams }) {
  return all.map((fixture) => ({
    name: fixture.name,
    fixture,
    run: () => {
      const run = start(fixture, initial);
      let saved;
      fixture.trajectory.forEach((expected, t) => {
        run.step(streams[fixture.grads][t], fixture.lr_per_step?.[t]);
        compare(expected, run.values(), `trajectory[${t}]`, TOLERANCE);
        if (t === 11) saved = run.save();
        if (t === 11) compareState(fixture.state_after_step_12, run.optimizer, 'state_after_step_12');
      });
      compareState(fixture.final, run.optimizer, 'final');

      const resumed = start(fixture, saved.weights);
      resumed.optimizer.loadStateDict(saved.state);
      for (let t = 12; t < fixture.trajectory.length; t++)
        resumed.step(streams[fixture.grads][t], fixture.lr_per_step?.[t]);
      compare(run.values(), resumed.values(), 'resumed from step 12', 0);
    },
  }));
}

/** An optimizer of a fixture on its own weights, to be stepped with gradients as flat lists, null for none. */
export function start({ type, options, parameter_groups: groups }, initial) {
  const weights = variables(initial);
  const run = new ParityRun({ parameters: ParameterSet.of(weights) });
  const optimizer = run.build(Optimizer, {
    type: type.replace('torch1.13.', 'torch.'),
    ...options,
    ...(groups === null ? {} : { parameter_groups: groups }),
  });
  return {
    optimizer,
    values: () => values(weights),
    step(gradients, learningRate) {
      if (learningRate !== undefined) for (const group of optimizer.groups) group.options.lr = learningRate;
      tf.tidy(() => optimizer.step(gradientTensors(gradients, weights)));
    },
    save() {
      const asFixture = (value) => ({ shape: value.shape, data: [...value.dataSync()] });
      return {
        weights: Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, asFixture(value)])),
        state: cloneState(optimizer.stateDict()),
      };
    },
    weights,
  };
}

function gradientTensors(gradients, weights) {
  const present = Object.entries(gradients).filter(([, values]) => values !== null);
  return Object.fromEntries(present.map(([name, data]) => [name, tensor({ shape: weights[name].shape, data })]));
}

/** Compares an optimizer's state with torch's `{ state, param_groups }`, whose keys are snake_case. */
export function compareState({ state, param_groups: groups }, optimizer, at, tolerance = TOLERANCE) {
  const own = optimizer.stateDict();
  for (const [name, slots] of Object.entries(state)) {
    // torch makes the state of some rules before the first update
    if (slots.step === 0 && own.state[name] === undefined) continue;
    for (const [key, expected] of Object.entries(slots)) {
      if (expected === null) continue;
      const received = key === 'step' ? own.state[name]?.step : stateValue(own.state[name], camelCase(key));
      const where = `${at}.state.${name}.${key}`;
      if (typeof expected === 'number') compareScalar(expected, received, where, key === 'step' ? 0 : 1e-5);
      else compare(expected.data ?? expected, received, where, tolerance);
    }
  }
  groups?.forEach((group, i) => {
    const { options, parameters } = own.groups[i];
    for (const [key, expected] of Object.entries(group)) {
      if (key === 'params') compare(expected, parameters, `${at}.param_groups[${i}].params`, 0);
      else if (camelCase(key) in options)
        compare(expected, options[camelCase(key)], `${at}.param_groups[${i}].${key}`, tolerance);
    }
  });
}

/** Of a number that may be far below 1: relative to itself. */
function compareScalar(expected, received, at, tolerance) {
  if (expected === 0 || typeof received !== 'number') compare(expected, received, at, tolerance);
  else compare(1, received / expected, at, tolerance);
}

/** What a parameter's state has under a name: the values of a slot, or a host scalar. */
function stateValue(state, key) {
  const slot = state?.slots[key];
  return slot === undefined ? state?.scalars?.[key] : [...slot.dataSync()];
}
