import * as tf from '@tensorflow/tfjs-core';
import { LearningRateScheduler, Optimizer, ParameterSet, withLog } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { camelCase } from '../lib/names.mjs';
import { ParityRun } from '../lib/run.mjs';

/** param_groups.json: which parameters land in which group with which options, warnings, and rates per group. */
export function cases({ cases: all, group_lr_trajectories: trajectories = [] }) {
  return [
    ...all.map((fixture) => ({ name: fixture.name, fixture, run: () => groupCase(fixture) })),
    ...trajectories.map((fixture, i) => ({
      name: `group_lr_trajectories[${i}]`,
      fixture,
      run: () => trajectoryCase(fixture),
    })),
  ];
}

function groupCase({ parameters, groups, optimizer: config, error, optimizer_param_groups: expected, warnings }) {
  const build = () => start(parameters, { ...config, parameter_groups: groups });
  if (error !== undefined) return expectError(error, build);
  const received = [];
  const optimizer = withLog({ info: () => undefined, warn: (message) => received.push(message) }, build).optimizer;
  compare(expected.length, optimizer.groups.length, 'the number of groups', 0);
  expected.forEach((group, i) => compareGroup(group, optimizer.groups[i], `optimizer_param_groups[${i}]`));
  compare([...warnings].sort(), received.sort(), 'warnings', 0);
}

function trajectoryCase({
  optimizer: config,
  scheduler: schedulerConfig,
  parameters,
  lr_after_each_step_call: expected,
}) {
  const { run, optimizer } = start(parameters, config);
  const scheduler = run.build(LearningRateScheduler, schedulerConfig);
  const rates = () => optimizer.groups.map(({ options }) => options.lr);
  const received = [rates()];
  while (received.length < expected.length) {
    scheduler.step();
    received.push(rates());
  }
  compare(expected, received, 'lr_after_each_step_call', 1e-12);
}

function start(parameters, config) {
  const weights = Object.fromEntries(parameters.map(([name, shape]) => [name, tf.variable(tf.zeros(shape))]));
  const run = new ParityRun({ parameters: ParameterSet.of(weights), numEpochs: 10, stepsPerEpoch: 1 });
  return { run, optimizer: run.build(Optimizer, config) };
}

/** A torch group: `params` and options in snake_case. Options that the fixture has and we do not are torch's own. */
export function compareGroup({ params, ...options }, group, at) {
  compare(
    params,
    group.parameters.map(({ name }) => name),
    `${at}.params`,
    0,
  );
  for (const [key, expected] of Object.entries(options)) {
    if (camelCase(key) in group.options) compare(expected, group.options[camelCase(key)], `${at}.${key}`, 1e-12);
  }
}
