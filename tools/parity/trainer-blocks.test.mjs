// AllenNLP's own way to write the `trainer` entry of a config, in the shapes that its published training configs have, is
// read as it is: nothing here is built, so no model of that kind is needed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import tensorboard from '@x/callbacks-tensorboard';
import checkpoint from '@x/checkpoint';
import data from '@x/data';
import optim from '@x/optim';
import schedulers from '@x/schedulers';
import { ConfigError, definePlugin, Model, prepareRun } from '@x/trainer-core';

class AnyModel extends Model {
  forward = () => ({});
  namedVariables = () => ({});
}
Model.register('any')(AnyModel);
const plugins = [tensorboard, checkpoint, data, optim, schedulers, definePlugin({ name: 'any', provides: [AnyModel] })];

const noDecay = [[['bias', 'LayerNorm\\.weight', 'layer_norm\\.weight'], { weight_decay: 0 }]];

const BLOCKS = {
  'reading comprehension (bidaf)': {
    num_epochs: 20,
    grad_norm: 5.0,
    patience: 10,
    validation_metric: '+em',
    learning_rate_scheduler: { type: 'reduce_on_plateau', factor: 0.5, mode: 'max', patience: 2 },
    optimizer: { type: 'adam', betas: [0.9, 0.9] },
    callbacks: ['tensorboard'],
  },
  'a moving average (qanet)': {
    num_epochs: 50,
    grad_norm: 5,
    patience: 10,
    validation_metric: '+f1',
    optimizer: { type: 'adam', lr: 0.0005, betas: [0.8, 0.999], eps: 1e-7 },
    moving_average: { type: 'exponential', decay: 0.9999 },
  },
  'decomposable attention': {
    num_epochs: 140,
    patience: 20,
    grad_clipping: 5.0,
    validation_metric: '+accuracy',
    optimizer: { type: 'adagrad' },
  },
  'esim of 1.x': {
    optimizer: { type: 'adam', lr: 0.0004 },
    checkpointer: { num_serialized_models_to_keep: 2 },
    validation_metric: '+accuracy',
    num_epochs: 75,
    grad_norm: 10.0,
    patience: 5,
    cuda_device: 0,
    learning_rate_scheduler: { type: 'reduce_on_plateau', factor: 0.5, mode: 'max', patience: 0 },
  },
  'esim of 2.x': {
    optimizer: { type: 'adam', lr: 0.0004 },
    checkpointer: { keep_most_recent_by_count: 2 },
    validation_metric: '+accuracy',
    num_epochs: 75,
    grad_norm: 10.0,
    patience: 5,
    learning_rate_scheduler: { type: 'reduce_on_plateau', factor: 0.5, mode: 'max', patience: 0 },
  },
  'coreference with spans of a transformer': {
    num_epochs: 40,
    patience: 10,
    validation_metric: '+coref_f1',
    learning_rate_scheduler: { type: 'slanted_triangular', cut_frac: 0.06 },
    optimizer: {
      type: 'huggingface_adamw',
      lr: 3e-4,
      parameter_groups: [[['.*transformer.*'], { lr: 1e-5 }]],
    },
  },
  'a transformer for questions': {
    optimizer: { type: 'huggingface_adamw', weight_decay: 0.0, parameter_groups: noDecay, lr: 2e-5, eps: 1e-8 },
    learning_rate_scheduler: { type: 'slanted_triangular', num_epochs: 5, cut_frac: 0.1 },
    grad_clipping: 1.0,
    num_epochs: 5,
    validation_metric: '+per_instance_f1',
    callbacks: ['tensorboard'],
  },
  'a classifier with the length of its epochs': {
    num_epochs: 10,
    validation_metric: '+accuracy',
    learning_rate_scheduler: { type: 'slanted_triangular', num_epochs: 10, num_steps_per_epoch: 3088, cut_frac: 0.06 },
    optimizer: { type: 'huggingface_adamw', lr: 1e-5, weight_decay: 0.1 },
    num_gradient_accumulation_steps: 16,
  },
  'semantic roles with BERT': {
    optimizer: {
      type: 'huggingface_adamw',
      lr: 5e-5,
      correct_bias: false,
      weight_decay: 0.01,
      parameter_groups: noDecay,
    },
    learning_rate_scheduler: { type: 'slanted_triangular' },
    checkpointer: { keep_most_recent_by_count: 2 },
    grad_norm: 1.0,
    num_epochs: 15,
    validation_metric: '+f1-measure-overall',
  },
  'multiple choice with a warmup': {
    optimizer: {
      type: 'huggingface_adamw',
      weight_decay: 0.01,
      parameter_groups: noDecay,
      lr: 1e-5,
      eps: 1e-8,
      correct_bias: true,
    },
    learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 100 },
    num_epochs: 20,
    num_gradient_accumulation_steps: 4,
    patience: 3,
    validation_metric: '+acc',
  },
  'a warmup over known steps': {
    optimizer: { type: 'huggingface_adamw', lr: 4e-5 },
    learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 5000, num_steps_per_epoch: 11175 },
    validation_metric: '+fscore',
    patience: 5,
    num_epochs: 20,
    num_gradient_accumulation_steps: 8,
  },
  'summaries (bart)': {
    num_epochs: 3,
    optimizer: { type: 'huggingface_adamw', lr: 3e-5, betas: [0.9, 0.999], eps: 1e-8, correct_bias: true },
    learning_rate_scheduler: { type: 'polynomial_decay' },
    grad_norm: 1.0,
  },
  'summaries (t5) without mixed precision': {
    use_amp: false,
    grad_scaling: false,
    num_epochs: 3,
    optimizer: { type: 'huggingface_adafactor' },
    grad_norm: 1.0,
  },
  'a language model': {
    num_epochs: 10,
    optimizer: { type: 'dense_sparse_adam' },
    learning_rate_scheduler: { type: 'noam', model_size: 512, warmup_steps: 6000 },
    num_gradient_accumulation_steps: 32,
  },
  'dependencies with sparse embeddings': {
    num_epochs: 50,
    grad_norm: 5.0,
    patience: 50,
    cuda_device: null,
    validation_metric: '+LAS',
    optimizer: { type: 'dense_sparse_adam', betas: [0.9, 0.9] },
  },
  'constituents with milestones': {
    learning_rate_scheduler: { type: 'multi_step', milestones: [40, 50, 60, 70, 80], gamma: 0.8 },
    num_epochs: 150,
    grad_norm: 5.0,
    patience: 20,
    validation_metric: '+evalb_f1_measure',
    optimizer: { type: 'adadelta', lr: 1.0, rho: 0.95 },
  },
  'dialogue with momentum': {
    learning_rate_scheduler: { type: 'reduce_on_plateau', factor: 0.5, mode: 'max', patience: 3 },
    num_epochs: 30,
    optimizer: { type: 'sgd', lr: 0.01, momentum: 0.9 },
    patience: 10,
    validation_metric: '+f1',
  },
  'several optimizers': {
    num_epochs: 10,
    validation_metric: '+accuracy',
    optimizer: {
      type: 'multi',
      optimizers: { predictor: { type: 'adam', lr: 1e-5 }, default: { type: 'adam', lr: 1e-5 } },
      parameter_groups: [[['^predictor'], { optimizer_name: 'predictor' }]],
    },
  },
  'pictures, by three metrics': {
    optimizer: {
      type: 'huggingface_adamw',
      lr: 2e-5,
      correct_bias: true,
      weight_decay: 0.01,
      parameter_groups: [[['^embeddings\\.', '^encoder.layers1\\.'], { lr: 2e-6 }]],
    },
    learning_rate_scheduler: { type: 'linear_with_warmup', warmup_steps: 340 },
    validation_metric: ['+top_1_acc', '+top_5_acc', '+top_10_acc'],
    patience: 5,
    num_epochs: 20,
  },
  'a writer and callbacks of 1.0': {
    num_epochs: 10,
    optimizer: 'adam',
    tensorboard_writer: { summary_interval: 10, should_log_learning_rate: true },
    batch_callbacks: ['tensorboard-memory-usage'],
    epoch_callbacks: [],
    momentum_scheduler: { type: 'inverted_triangular', cool_down: 10, warm_up: 10 },
    no_grad: ['^text_field_embedder'],
    opt_level: null,
  },
};

async function problemsOf(trainer) {
  const config = { model: 'any', data_loader: { batch_size: 32 }, trainer };
  try {
    await prepareRun(config, { plugins });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

for (const [name, block] of Object.entries(BLOCKS)) {
  test(`${name} is read`, async () => {
    assert.deepEqual(await problemsOf(block), []);
  });
}
