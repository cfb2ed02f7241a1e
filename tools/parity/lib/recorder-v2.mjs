import { TrainerCallback } from '@x/trainer-core';

import { comparableMetrics, Interruption } from './recorder.mjs';
import { values } from './tensors.mjs';

/**
 * Writes down a run as the fixtures of 2.10 do: `callback_log`, `batches` and `epochs`.
 *
 * @param interruptAt epoch and number of the training batch in whose callback an {@link Interruption} is thrown.
 */
export class RecorderV2 extends TrainerCallback {
  callback_log = [];
  batches = [];
  epochs = [];

  constructor(interruptAt) {
    super();
    this.interruptAt = interruptAt;
  }

  onRunStart() {
    this.callback_log.push(['on_start']);
  }

  onMicroBatchEnd() {
    this.callback_log.push(['on_backward', false]);
  }

  onStepEnd(trainer, { batchInputs, batchOutputs, metrics, gradientNorm }) {
    const number = trainer.batchesThisEpoch;
    this.batch(trainer, number, 'train', batchInputs.length, batchOutputs, metrics, gradientNorm);
    const [epoch, batch] = this.interruptAt ?? [];
    if (trainer.epoch === epoch && number === batch) throw new Interruption(`in batch ${number} of epoch ${epoch}`);
  }

  onEvaluateBatch(trainer, { outputs, batchNumber, metrics }) {
    this.batch(trainer, batchNumber, 'validation', 1, [outputs], metrics, null);
  }

  onEpochEnd(trainer, { metrics }) {
    this.callback_log.push(['on_epoch', trainer.epoch]);
    this.epochs.push({
      epoch: trainer.epoch,
      metrics_keys: Object.keys(comparableMetrics(metrics)).sort(),
      parameters: values(trainer.model.namedVariables()),
    });
  }

  onRunEnd({ numEpochs }, { metrics }) {
    // 2.10 tells the last epoch of the run also where this process had none to train
    this.callback_log.push([
      'on_end',
      metrics === null ? null : (metrics.epoch ?? (numEpochs > 0 ? numEpochs - 1 : null)),
    ]);
  }

  stateDict() {
    return {};
  }

  loadStateDict() {
    this.callback_log.push(['load_state_dict']);
  }

  batch({ epoch, learningRates, batchNumTotal }, number, split, size, outputs, metrics, gradientNorm) {
    this.callback_log.push(['on_batch', epoch, number, split, size]);
    this.batches.push({
      epoch,
      batch_number: number,
      is_training: split === 'train',
      losses: outputs.map(({ loss }) => (loss === undefined ? null : loss.dataSync()[0])),
      batch_metrics: { ...metrics },
      batch_grad_norm: gradientNorm,
      lr: [...learningRates],
      total_batches_completed: batchNumTotal,
    });
  }
}
