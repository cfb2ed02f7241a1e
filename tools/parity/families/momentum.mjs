import * as tf from '@tensorflow/tfjs-core';
import { MomentumScheduler, Optimizer, ParameterSet } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { ParityRun } from '../lib/run.mjs';

/** momentum.json: momenta per epoch, resume in the middle; the same formula on Adam's first beta. */
export function cases({ cases: all, adam_beta1_extension_formula_only: onAdam = [] }) {
  return [
    ...all.map((fixture) => ({ name: fixture.name, fixture, run: () => momentumCase(fixture) })),
    ...onAdam.map((fixture, i) => ({ name: `adam_beta1[${i}]`, fixture, run: () => betaCase(fixture) })),
  ];
}

function momentumCase(fixture) {
  const {
    optimizer: config,
    scheduler: schedulerConfig,
    error,
    after_construct: first,
    after_each_epoch_step: expected,
    state_after_half: halfway,
  } = fixture;
  if (error !== undefined) return expectError(error, () => start(config, schedulerConfig));
  const session = start(config, schedulerConfig);
  const momenta = () => session.optimizer.groups.map(({ options }) => options.momentum);
  compare(first, momenta(), 'after_construct', 1e-12);
  const initial = session.optimizer.groups.map(({ options }) => options.initialMomentum);
  compare(halfway.base_values, initial, 'state_after_half.base_values', 1e-12);
  const half = Math.floor(expected.length / 2);
  let saved;
  expected.forEach((values, epoch) => {
    if (epoch === half)
      saved = structuredClone({ optimizer: session.optimizer.stateDict(), scheduler: session.scheduler.stateDict() });
    session.scheduler.step();
    compare(values, momenta(), `after_each_epoch_step[${epoch}]`, 1e-12);
  });
  const resumed = start(config, schedulerConfig);
  resumed.optimizer.loadStateDict(saved.optimizer);
  resumed.scheduler.loadStateDict(saved.scheduler);
  for (let epoch = half; epoch < expected.length; epoch++) resumed.scheduler.step();
  compare(
    momenta(),
    resumed.optimizer.groups.map(({ options }) => options.momentum),
    'momenta after a resume',
    0,
  );
}

function betaCase({ beta1, cool_down: coolDown, warm_up: warmUp, ratio, after_each_epoch_step: expected }) {
  const { optimizer, scheduler } = start(
    { type: 'adam', betas: [beta1, 0.999] },
    { type: 'inverted_triangular', coolDown, warmUp, ratio },
  );
  const received = expected.map(() => {
    scheduler.step();
    return optimizer.groups[0].options.betas[0];
  });
  compare(expected, received, 'after_each_epoch_step', 1e-12);
}

function start(config, schedulerConfig) {
  const weights = Object.fromEntries(
    ['a.weight', 'b.weight', 'c.weight'].map((name) => [name, tf.variable(tf.zeros([2]))]),
  );
  const run = new ParityRun({ parameters: ParameterSet.of(weights), numEpochs: 10, stepsPerEpoch: 1 });
  const optimizer = run.build(Optimizer, config);
  return { optimizer, scheduler: run.build(MomentumScheduler, schedulerConfig) };
}
