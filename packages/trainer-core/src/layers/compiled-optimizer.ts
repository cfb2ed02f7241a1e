import type * as tf from '@tensorflow/tfjs-core';
import type * as tfl from '@tensorflow/tfjs-layers';

import { ConfigError, ModelError } from '../errors.js';
import type { ComponentConfig } from '../plugins/component.js';
import { descriptorsOf } from '../plugins/describe.js';
import { asPlugin } from '../plugins/plugin.js';
import type { PluginLike } from '../plugins/plugin.js';

type Settings = Readonly<Record<string, unknown>>;

/**
 * Our config for each optimizer of tfjs. SGD, momentum and Adam compute the same; for the others tfjs adds epsilon inside
 * the square root, torch (and ours) outside.
 */
const TRANSLATIONS: Readonly<Record<string, (settings: Settings) => ComponentConfig>> = {
  SGD: ({ learningRate }) => ({ type: 'sgd', lr: learningRate }),
  Momentum: ({ learningRate, momentum, useNesterov }) => ({
    type: 'sgd',
    lr: learningRate,
    momentum,
    nesterov: useNesterov,
  }),
  Adam: ({ learningRate, beta1, beta2, epsilon }) => ({
    type: 'adam',
    lr: learningRate,
    betas: [beta1, beta2],
    eps: epsilon,
  }),
  Adamax: ({ learningRate, beta1, beta2, epsilon }) => ({
    type: 'adamax',
    lr: learningRate,
    betas: [beta1, beta2],
    eps: epsilon,
  }),
  Adagrad: ({ learningRate, initialAccumulatorValue }) => ({
    type: 'adagrad',
    lr: learningRate,
    initialAccumulatorValue,
  }),
  Adadelta: ({ learningRate, rho, epsilon }) => ({ type: 'adadelta', lr: learningRate, rho, eps: epsilon }),
  RMSProp: ({ learningRate, decay, momentum, epsilon, centered }) => ({
    type: 'rmsprop',
    lr: learningRate,
    alpha: decay,
    momentum,
    eps: epsilon,
    centered,
  }),
};

/**
 * The config of the optimizer that a model was compiled with.
 *
 * @throws ModelError (`X_MODEL_INVALID`) if it was not compiled; ConfigError for an optimizer that is not one of tfjs's, and
 * where no plugin provides optimizers.
 */
export function compiledOptimizer(model: tfl.LayersModel, plugins: readonly PluginLike[]): ComponentConfig {
  const optimizer = model.optimizer as tf.Optimizer | undefined | null;
  if (optimizer === undefined || optimizer === null) {
    throw new ModelError(
      'X_MODEL_INVALID',
      `the model "${model.name}" is not compiled: call model.compile({ optimizer, loss }) before fit`,
    );
  }
  const translate = TRANSLATIONS[optimizer.getClassName()];
  if (translate === undefined) {
    throw ConfigError.of(
      'X_CONFIG_UNKNOWN_NAME',
      'optimizer',
      `the compiled optimizer ${optimizer.getClassName()} is not one of tfjs's own (${Object.keys(TRANSLATIONS).join(', ')}); pass ` +
        '"optimizer": an Optimizer of a plugin, or its config',
      'the options of fit',
    );
  }
  const provides = plugins.flatMap((plugin) => asPlugin(plugin)?.provides ?? []).flatMap(descriptorsOf);
  if (!provides.some(({ kind }) => kind === 'optimizer')) {
    throw ConfigError.of(
      'X_PLUGIN_MISSING',
      'plugins',
      `the compiled optimizer ${optimizer.getClassName()} needs a plugin that provides optimizers: import optim from '@x/optim' and ` +
        'pass plugins: [optim], or pass an "optimizer" that you built',
      'the options of fit',
    );
  }
  return translate(optimizer.getConfig());
}
