import * as tf from '@tensorflow/tfjs-core';
import { LearningRateScheduler, Optimizer, ParameterSet, TrainerError, withLog } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { camelCase } from '../lib/names.mjs';
import { Mismatch } from '../lib/outcome.mjs';
import { ParityRun } from '../lib/run.mjs';

/** param_groups.json and param_groups_v2.json: which parameters land in which group with which options, and rates per group. */
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

function groupCase({ parameters, groups, optimizer: config, error, ...expected }) {
  const build = () => start(parameters, { ...config, parameter_groups: groups });
  if (error !== undefined) return expectError(error, build);
  const warnings = [];
  const information = [];
  const listening = { info: (message) => information.push(message), warn: (message) => warnings.push(message) };
  const { optimizer, weights } = withLog(listening, () => accepted(build));
  const { optimizer_param_groups: torchGroups, made_groups: made, is_flat_list: isFlat } = expected;
  compare(torchGroups.length, optimizer.groups.length, 'the number of groups', 0);
  torchGroups.forEach((group, i) => compareGroup(group, optimizer.groups[i], `optimizer_param_groups[${i}]`));
  if (isFlat) compareGroup({ params: made }, optimizer.groups[0], 'made_groups');
  else made.forEach((group, i) => compareGroup(group, optimizer.groups[i], `made_groups[${i}]`));
  compare(expected.warnings.map(content).sort(), warnings.map(content).sort(), 'warnings', 0);
  const counts = information.filter((message) => message.startsWith('Number of trainable parameters'));
  compare(expected.num_parameters_logged, counts, 'num_parameters_logged', 0);
  if (expected.requires_grad_after !== undefined) {
    const trainable = Object.entries(weights).map(([name, { trainable: now }]) => [name, now]);
    compare(expected.requires_grad_after, Object.fromEntries(trainable), 'requires_grad_after', 0);
  }
}

/** What is refused here and not by the original is a difference like any other. */
function accepted(build) {
  try {
    return build();
  } catch (error) {
    throw error instanceof TrainerError ? new Mismatch('the error', undefined, error.message) : error;
  }
}

/** A warning without the order of names and the quotes of Python: of ignored options, which they are and whose. */
function content(warning) {
  const [, options, names] = /^Ignoring unused options (\{.*\}) for \{?([^:}]*)/.exec(warning) ?? [];
  if (options === undefined) return warning;
  const keys = [...options.matchAll(/['"](\w+)['"]:/g)].map(([, key]) => camelCase(key));
  return JSON.stringify([keys.sort(), namesIn(names)]);
}

function namesIn(set) {
  return ['set()', 'no parameter'].includes(set) ? [] : set.replaceAll("'", '').split(', ').sort();
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
  return { run, optimizer: run.build(Optimizer, config), weights };
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
