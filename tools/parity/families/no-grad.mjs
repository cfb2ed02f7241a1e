import * as tf from '@tensorflow/tfjs-core';
import { GradientDescentTrainer, Optimizer } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { plugins, requireKnown } from '../lib/run.mjs';
import { compareGroup } from './param-groups.mjs';

/** no_grad.json: what a trainer freezes, and what its optimizer then gets. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => freezeCase(fixture) }));
}

function freezeCase({ parameter_names: names, initially_frozen: frozen, trainer_config: config, error, ...expected }) {
  requireKnown(Optimizer, config.optimizer);
  const weights = Object.fromEntries(names.map((name) => [name, tf.variable(tf.zeros([2]), !frozen.includes(name))]));
  const model = { namedVariables: () => weights, forward: () => ({ loss: tf.scalar(0) }) };
  const build = () => GradientDescentTrainer.fromPartialObjects({ ...config, model, dataLoader: [], plugins });
  if (error !== undefined) return expectError(error, build);
  const trainer = build();
  const trainable = Object.fromEntries(
    [...trainer.parameters].map((parameter) => [parameter.name, parameter.trainable]),
  );
  compare(expected.requires_grad, trainable, 'requires_grad', 0);
  expected.optimizer_param_groups.forEach((group, i) =>
    compareGroup(group, trainer.optimizer.groups[i], `optimizer_param_groups[${i}]`),
  );
}
