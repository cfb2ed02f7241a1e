import { BatchCallback, EpochCallback, TrainerCallback } from '@x/trainer-core';

import { values } from './tensors.mjs';

/** What the fixtures record at an epoch callback at which a run is to break off. */
export class Interruption extends Error {}

/**
 * Writes down a run as the fixtures do: `callback_log`, `batches` and `epochs`. `callbacks` are the trainer options that
 * make it listen; none of them makes a step run in parts.
 *
 * @param interruptAfterEpoch the epoch at whose end an {@link Interruption} is thrown, or undefined.
 */
export function recorder(interruptAfterEpoch) {
  const log = [];
  const batches = [];
  const epochs = [];

  class OnBatch extends BatchCallback {
    onBatch(trainer, { batchInputs, batchOutputs, epoch, batchNumber, isTraining, isMaster }) {
      log.push(['batch', epoch, batchNumber, isTraining ? 'train' : 'validation', batchInputs.length]);
      batches.push({
        epoch,
        batch_number: batchNumber,
        is_training: isTraining,
        is_master: isMaster,
        num_batches_in_group: batchInputs.length,
        num_outputs: batchOutputs.length,
        losses: batchOutputs.map(({ loss }) => scalar(loss)),
        reg_losses: batchOutputs.map(({ regLoss }) => scalar(regLoss)),
        ...(isTraining ? { batch_num_total: trainer.batchNumTotal, ...hyperparameters(trainer) } : {}),
      });
    }
  }

  class OnEpoch extends EpochCallback {
    onEpoch(trainer, { metrics, epoch, isMaster }) {
      log.push(['epoch', epoch]);
      epochs.push({
        epoch,
        is_master: isMaster,
        metrics_keys: Object.keys(comparableMetrics(metrics)).sort(),
        parameters: values(trainer.model.namedVariables()),
        ...hyperparameters(trainer),
        metric_tracker: trainer.metricTracker.stateDict(),
      });
      if (epoch === interruptAfterEpoch) throw new Interruption(`after epoch ${epoch}`);
    }
  }

  class OnStep extends TrainerCallback {
    onStepEnd(_trainer, { gradientNorm }) {
      batches.at(-1).grad_norm_before_rescale = gradientNorm;
    }
  }

  return {
    recorded: { callback_log: log, batches, epochs },
    callbacks: { batchCallbacks: [new OnBatch()], epochCallbacks: [new OnEpoch()], callbacks: [new OnStep()] },
  };
}

/** Metrics without what depends on the machine. */
export function comparableMetrics(metrics) {
  const entries = Object.entries(metrics);
  return Object.fromEntries(entries.filter(([key]) => key !== 'training_duration' && !key.endsWith('_memory_MB')));
}

function hyperparameters({ optimizer }) {
  const options = optimizer.groups.map((group) => group.options);
  const momentum = options.map((each) => each.momentum);
  return { lr: options.map(({ lr }) => lr), momentum: momentum.includes(undefined) ? null : momentum };
}

const scalar = (tensor) => (tensor === undefined ? null : tensor.dataSync()[0]);
