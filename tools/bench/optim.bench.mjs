import * as tf from '@tensorflow/tfjs';
import optim from '@x/optim';
import {
  component,
  corePlugin,
  EagerEngine,
  ModelParameters,
  MovingAverage,
  NamedState,
  Optimizer,
  ParameterSet,
  planUpdate,
  Registry,
  RunContainer,
  tokenOf,
  withLog,
  withRegistry,
} from '@x/trainer-core';

import { median, printMachine, printTable, sideBySide } from './lib.mjs';

const TIMED = { count: 200, shape: [8, 8], rounds: 80 };
const WEIGHED = { count: 40, shape: [128, 128] };

const silent = { info: () => undefined, warn: () => undefined };

/** Optimizers with no slot, one, two and three. */
const BY_SLOTS = [{ type: 'sgd' }, { type: 'rmsprop' }, { type: 'adam' }, { type: 'adam', amsgrad: true }];

const registry = new Registry([corePlugin, optim]);
const engine = new EagerEngine();

/** tfjs's own optimizer of the same rule, where it has one. */
const TFJS = {
  sgd: () => tf.train.sgd(1e-3),
  adagrad: () => tf.train.adagrad(1e-3, 0.1),
  adadelta: () => tf.train.adadelta(1e-3),
  adam: () => tf.train.adam(1e-3),
  adamax: () => tf.train.adamax(1e-3),
  rmsprop: () => tf.train.rmsprop(1e-3),
};

/**
 * What an update of every optimizer costs on the eager engine and tfjs's CPU backend: in time against the bare kernels of its
 * rule and against tfjs's own optimizer, in memory against what it has to hold.
 */
export async function bench() {
  tf.env().set('PROD', true);
  await tf.setBackend('cpu');
  printMachine();
  console.log(
    `updates of ${TIMED.count} tensors of shape [${TIMED.shape}], medians of ${TIMED.rounds} rounds in turn\n`,
  );
  const rows = [];
  await withLog(silent, async () => {
    for (const name of optimizerNames()) rows.push([name, ...(await timesOf(name)), await peakOf(name)]);
  });
  printTable(['optimizer', 'kernels', 'kernels ms', 'update ms', 'ratio', 'to tfjs', 'peak'], rows);
  console.log(
    [
      '',
      'kernels        tfjs kernels of the rule for one tensor',
      'kernels ms     the rules and the assignments alone',
      'ratio          update / kernels',
      'to tfjs        update / applyGradients of the same rule in tf.train',
      'peak           most memory in an update with an average / (parameters x (1 + 1 gradient + slots + 1 average))',
    ].join('\n'),
  );
  const ownTimes = [];
  for (const [slots, options] of BY_SLOTS.entries()) ownTimes.push([slots, await ownTimeOf(options)]);
  console.log(
    '\nour own time for a tensor: update - kernels, under a rule of one kernel for each tensor that is written\n',
  );
  printTable(['slots', 'us/tensor'], ownTimes);
}

/** One name of each class, the one in snake_case; without those that need more than weights and gradients. */
function optimizerNames() {
  const own = registry
    .all(Optimizer.kind)
    .filter(({ name }) => /^[a-z_]+$/.test(name) && !['multi', 'sparse_adam'].includes(name));
  return [...new Map(own.map(({ target, name }) => [target, name])).values()].sort();
}

async function timesOf(name) {
  const ours = setUp({ type: name }, TIMED);
  const bare = setUp({ type: name }, TIMED);
  const peer = TFJS[name]?.();
  const peerGradients = Object.fromEntries(
    bare.gradients.map((gradient) => [tf.variable(tf.zeros(TIMED.shape)).name, gradient]),
  );
  const { kernels, update, tfjs } = await sideBySide(
    {
      kernels: { run: () => applyRules(bare) },
      update: { before: () => placeGradients(ours), run: () => runUpdate(ours) },
      ...(peer && { tfjs: { run: () => peer.applyGradients(peerGradients) } }),
    },
    TIMED,
  );
  const calls = await kernelsOf(bare);
  tf.disposeVariables();
  tf.dispose([ours, bare].map(({ gradients }) => gradients));
  const perRound = (compute) => median(update.map((_, round) => compute(round)));
  return [
    calls,
    median(kernels).toFixed(2),
    median(update).toFixed(2),
    perRound((round) => update[round] / kernels[round]).toFixed(2),
    tfjs === undefined ? '-' : perRound((round) => update[round] / tfjs[round]).toFixed(2),
  ];
}

/** Our own time for a tensor: that of an update less that of its kernels, under a rule with hardly any. */
async function ownTimeOf(options) {
  const ours = withLightRule(setUp(options, TIMED));
  const bare = withLightRule(setUp(options, TIMED));
  const { kernels, update } = await sideBySide(
    {
      kernels: { run: () => applyRules(bare) },
      update: { before: () => placeGradients(ours), run: () => runUpdate(ours) },
    },
    { rounds: 400 },
  );
  tf.disposeVariables();
  tf.dispose([ours, bare].map(({ gradients }) => gradients));
  return median(update.map((time, round) => ((time - kernels[round]) * 1000) / TIMED.count)).toFixed(1);
}

/** The same slots under a rule of one kernel for each, so that kernels do not hide what the rest takes. */
function withLightRule(run) {
  const one = tf.scalar(1);
  const optimizer = Object.create(run.optimizer);
  optimizer.update = ({ parameter, slots }) => ({
    parameter: tf.add(parameter, one),
    slots: Object.fromEntries(Object.entries(slots).map(([slot, value]) => [slot, tf.add(value, one)])),
  });
  return { ...run, optimizer };
}

async function peakOf(name) {
  const before = tf.memory().numBytes;
  const run = setUp({ type: name }, WEIGHED, 'exponential');
  placeGradients(run);
  await runUpdate(run);
  placeGradients(run);
  const held = tf.memory().numBytes - before;
  const { peakBytes } = await tf.profile(() => runUpdate(run));
  tf.disposeVariables();
  tf.dispose(run.gradients);
  return ((Math.max(peakBytes, tf.memory().numBytes) - before) / held).toFixed(2);
}

/** An optimizer, and an average if asked for, on weights of their own. */
function setUp(options, { count, shape }, average) {
  const variables = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `w${i}`,
      tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 1, 'float32', i))),
    ]),
  );
  const parameterSet = ParameterSet.of(variables);
  const run = new RunContainer(registry);
  run.provide(ModelParameters, parameterSet);
  const build = (point, config) => withRegistry(registry, () => run.build(component(point).parse(config)));
  const optimizer = build(Optimizer, { ...(options.type === 'sgd' && { lr: 1e-3 }), ...options });
  run.provide(tokenOf(Optimizer), optimizer);
  const movingAverage = average === undefined ? null : build(MovingAverage, { type: average });
  const state = new NamedState();
  for (const [parameter, variable] of Object.entries(variables)) state.define(`parameters/${parameter}`, variable);
  for (const [parameter, variable] of movingAverage?.shadows ?? []) state.define(`averages/${parameter}`, variable);
  const gradients = Object.values(variables).map((_, i) => tf.randomNormal(shape, 0, 1, 'float32', 1000 + i));
  return { optimizer, movingAverage, state, parameters: [...parameterSet], gradients, step: 0 };
}

/** The gradients of a step, as the backward pass leaves them. */
function placeGradients({ state, parameters, gradients }) {
  parameters.forEach(({ name }, i) => state.set(`gradients/${name}`, gradients[i]));
}

/** The update program of one step, as the trainer runs it. */
async function runUpdate(run) {
  const { optimizer, movingAverage, state, parameters } = run;
  run.step += 1;
  for (const parameter of parameters) {
    for (const [slot, variable] of Object.entries(optimizer.state.slotsOf(parameter))) {
      state.define(`slots/${parameter.name}/${slot}`, variable);
    }
  }
  const plan = planUpdate({
    optimizer,
    parameters,
    movingAverage,
    batchNumTotal: run.step,
    buffers: [],
    guarded: false,
  });
  const { outputs } = await engine.run(plan.program, state, { numbers: plan.numbers });
  tf.dispose(outputs);
  for (const parameter of parameters) optimizer.state.advance(parameter);
}

/** The rules and the assignments of one step, with what lies between freed tensor by tensor, and nothing else. */
function applyRules({ optimizer, parameters, gradients }) {
  tf.tidy(() => {
    const coefficients = coefficientsOf(optimizer, parameters[0]);
    parameters.forEach((parameter, i) => {
      tf.tidy(() => {
        const slots = optimizer.state.slotsOf(parameter);
        const output = optimizer.update({ gradient: gradients[i], parameter: parameter.variable, slots, coefficients });
        for (const [slot, value] of Object.entries(output.slots)) if (value !== slots[slot]) slots[slot].assign(value);
        parameter.variable.assign(output.parameter);
      });
      optimizer.state.advance(parameter);
    });
  });
}

function coefficientsOf(optimizer, parameter) {
  const { groups, state } = optimizer;
  const factors = optimizer.coefficients(groups[0].options, state.stepsOf(parameter) + 1, state.scalarsOf(parameter));
  const present = Object.entries(factors).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, tf.scalar(value)]));
}

/** How many kernels the rule calls for one tensor. */
async function kernelsOf({ optimizer, parameters: [parameter], gradients: [gradient] }) {
  const slots = optimizer.state.slotsOf(parameter);
  const coefficients = coefficientsOf(optimizer, parameter);
  const { kernels } = await tf.profile(() =>
    tf.tidy(() => void optimizer.update({ gradient, parameter: parameter.variable, slots, coefficients })),
  );
  return kernels.length;
}
