import tensorboard from '@x/callbacks-tensorboard';
import onnx from '@x/engine-onnx';
import checkpoint from '@x/checkpoint';
import data from '@x/data';
import optim from '@x/optim';
import schedulers from '@x/schedulers';
import {
  Compatibility,
  component,
  corePlugin,
  ModelParameters,
  NumberOfEpochs,
  Registry,
  RunContainer,
  StepsPerEpoch,
  tokenOf,
  TrainerError,
  ValidationMetric,
  withRegistry,
} from '@x/trainer-core';

import { NotCovered } from './outcome.mjs';

/** The plugins that fixtures are run with. */
export const plugins = [optim, schedulers, data, checkpoint, tensorboard, onnx];

const registry = new Registry([corePlugin, ...plugins]);

/** Builds components from fixture configs, as a run does. */
export class ParityRun {
  constructor({
    parameters,
    numEpochs = 1,
    stepsPerEpoch = null,
    validationMetric = '-loss',
    compatibility = 'allennlp-1',
  }) {
    this.container = new RunContainer(registry);
    this.container.provide(ModelParameters, parameters);
    this.container.provide(NumberOfEpochs, numEpochs);
    this.container.provide(StepsPerEpoch, stepsPerEpoch);
    this.container.provide(ValidationMetric, validationMetric);
    this.container.provide(Compatibility, compatibility);
  }

  /** @throws ConfigError as a user would see it; NotCovered for a name of the original that no package has yet. */
  build(point, config) {
    requireKnown(point, config);
    const part = withRegistry(registry, () => component(point).safeParse(config));
    if (!part.success) throw new TrainerError('X_CONFIG', part.error.issues.map(({ message }) => message).join('; '));
    const built = this.container.build(part.data);
    this.container.provide(tokenOf(point), built);
    return built;
  }
}

/** The original's names: one of them that is not registered here is not covered, any other is a user's mistake. */
const ORIGINAL = {
  optimizer: [
    'adam sparse_adam adamax adamw huggingface_adamw adagrad adadelta sgd rmsprop averaged_sgd dense_sparse_adam',
    'nadam radam rprop torch.NAdam torch.RAdam torch1.13.NAdam',
  ],
  learningRateScheduler: [
    'step multi_step exponential reduce_on_plateau cosine noam slanted_triangular polynomial_decay linear_with_warmup',
    'constant constant_with_warmup cosine_with_warmup cosine_hard_restarts_with_warmup combined torch.CosineAnnealingLR',
  ],
  momentumScheduler: ['inverted_triangular'],
  movingAverage: ['exponential'],
};

/** @throws NotCovered */
export function requireKnown({ kind }, config) {
  const type = typeof config === 'string' ? config : config?.type;
  const names = (ORIGINAL[kind] ?? []).flatMap((line) => line.split(' '));
  if (names.includes(type) && registry.find(kind, type) === undefined) throw new NotCovered(`${kind} "${type}"`);
}
