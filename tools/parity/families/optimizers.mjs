import * as tf from '@tensorflow/tfjs-core';
import { Optimizer, ParameterSet } from '@x/trainer-core';

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
    type,
    ...options,
    ...(groups === null ? {} : { parameter_groups: groups }),
  });
  return {
    optimizer,
    values: () => values(weights),
    step(gradients, learningRate) {
      if (learningRate !== undefined) for (const group of optimizer.groups) group.options.lr = learningRate;
      tf.tidy(() => {
        const present = Object.entries(gradients).filter(([, values]) => values !== null);
        optimizer.step(
          Object.fromEntries(present.map(([name, data]) => [name, tensor({ shape: weights[name].shape, data })])),
        );
      });
    },
    save() {
      const asFixture = (value) => ({ shape: value.shape, data: [...value.dataSync()] });
      const { state, groups: savedGroups } = optimizer.stateDict();
      const copies = Object.entries(state).map(([name, { step, slots }]) => [
        name,
        { step, slots: Object.fromEntries(Object.entries(slots).map(([slot, value]) => [slot, tf.clone(value)])) },
      ]);
      return {
        weights: Object.fromEntries(Object.entries(weights).map(([name, value]) => [name, asFixture(value)])),
        state: { state: Object.fromEntries(copies), groups: structuredClone(savedGroups) },
      };
    },
  };
}

/** Compares an optimizer's state with torch's `{ state, param_groups }`, whose keys are snake_case. */
export function compareState({ state, param_groups: groups }, optimizer, at, tolerance = TOLERANCE) {
  const own = optimizer.stateDict();
  for (const [name, slots] of Object.entries(state)) {
    for (const [key, expected] of Object.entries(slots)) {
      if (expected === null) continue;
      const where = `${at}.state.${name}.${key}`;
      if (key === 'step') compare(expected, own.state[name]?.step, where, 0);
      else
        compare(
          expected.data ?? expected,
          slotValues(own.state[name]?.slots[camelCase(key)], expected),
          where,
          tolerance,
        );
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

function slotValues(slot, expected) {
  if (slot === undefined) return undefined;
  const data = [...slot.dataSync()];
  return expected.data === undefined && !Array.isArray(expected) ? data[0] : data;
}
