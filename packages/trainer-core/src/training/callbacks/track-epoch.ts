import { TrainerCallback } from '../../contracts/callbacks.js';
import type { TrainerView } from '../../contracts/callbacks.js';
import type { ModelLike } from '../../contracts/model.js';

/**
 * Sets `epoch` of the model to the number of completed epochs. It is plain data for metrics and decisions outside of
 * `forward`, which is a pure function of batch and variables: an engine that compiles it would keep the first number.
 *
 * Source: `TrackEpochCallback` of AllenNLP 2.10, which sets 0 also when a run is resumed.
 */
@TrainerCallback.register('track_epoch')
@TrainerCallback.register('track_epoch_callback')
export class TrackEpoch extends TrainerCallback {
  override onEpochStart({ model, epoch }: TrainerView): void {
    (model as ModelLike & { epoch?: number }).epoch = epoch;
  }

  override onEpochEnd({ model, epoch }: TrainerView): void {
    (model as ModelLike & { epoch?: number }).epoch = epoch + 1;
  }
}
