import { GradientDescentTrainer, Optimizer, ParameterSet, searchLearningRate, smoothed } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { engineOptions } from '../lib/engine.mjs';
import { expectError } from '../lib/errors.mjs';
import { model } from '../lib/models.mjs';
import { camelCaseKeys } from '../lib/names.mjs';
import { ParityRun, plugins, requireKnown } from '../lib/run.mjs';
import { batch } from '../lib/tensors.mjs';

const TOLERANCE = 1e-4;

/** find_lr.json: the learning rates and losses of a search, and its smoothed losses. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => searchCase(fixture) }));
}

async function searchCase({ trainer: config, initial_parameters: initial, error, ok, ...fixture }) {
  requireKnown(Optimizer, config.optimizer);
  const trainer = GradientDescentTrainer.fromPartialObjects({
    ...engineOptions,
    ...config,
    model: model(fixture.model, initial, new ParityRun({ parameters: ParameterSet.of({}) })),
    dataLoader: fixture.train_batches.map(batch),
    plugins,
  });
  const search = () => searchLearningRate(trainer, camelCaseKeys(fixture.arguments));
  if (error !== undefined) return expectError(error, search);
  const { learningRates, losses } = await search();
  compare(ok.learning_rates, learningRates, 'learning_rates', 1e-12);
  compare(ok.losses, losses, 'losses', TOLERANCE);
  for (const [key, values] of Object.entries(fixture).filter(([name]) => name.startsWith('smoothed_beta_'))) {
    compare(values, smoothed(losses, Number(key.slice('smoothed_beta_'.length))), key, TOLERANCE);
  }
}
