import * as findLr from '../families/find-lr.mjs';
import * as data from '../families/data.mjs';
import * as fromParams from '../families/from-params.mjs';
import * as checkpointer from '../families/checkpointer.mjs';
import * as gradClip from '../families/grad-clip.mjs';
import * as initializers from '../families/initializers.mjs';
import * as metricTracker from '../families/metric-tracker.mjs';
import * as midEpochCheckpoint from '../families/mid-epoch-checkpoint.mjs';
import * as momentum from '../families/momentum.mjs';
import * as movingAverage from '../families/moving-average.mjs';
import * as noGrad from '../families/no-grad.mjs';
import * as optimizerErrors from '../families/optimizer-errors.mjs';
import * as optimizers from '../families/optimizers.mjs';
import * as paramGroups from '../families/param-groups.mjs';
import * as params from '../families/params.mjs';
import * as regexSearch from '../families/regex-search.mjs';
import * as regularizers from '../families/regularizers.mjs';
import * as schedulers from '../families/schedulers.mjs';
import * as serializationDir from '../families/serialization-dir.mjs';
import * as sparseOptimizers from '../families/sparse-optimizers.mjs';
import * as tensorboard from '../families/tensorboard.mjs';
import * as trainCommand from '../families/train-command.mjs';
import * as trainer from '../families/trainer.mjs';
import * as trainerV2 from '../families/trainer-v2.mjs';
import * as util from '../families/util.mjs';

/** Which files a family reads, by their path in the fixtures folder; the first that matches. */
export const FAMILIES = [
  ['sparse optimizers', /^optimizers_sparse[^/]*\.json$/, sparseOptimizers],
  ['optimizers', /^optimizers[^/]*\.json$/, optimizers],
  ['optimizer errors', /^optimizer_errors[^/]*\.json$/, optimizerErrors],
  ['param groups', /^param_groups[^/]*\.json$/, paramGroups],
  ['no grad', /^no_grad[^/]*\.json$/, noGrad],
  ['schedulers', /^lr_schedulers[^/]*\.json$/, schedulers],
  ['momentum', /^momentum[^/]*\.json$/, momentum],
  ['moving average', /^moving_average[^/]*\.json$/, movingAverage],
  ['metric tracker', /^metric_tracker[^/]*\.json$/, metricTracker],
  ['gradient clipping', /^grad_clip[^/]*\.json$/, gradClip],
  ['from params', /^from_params[^/]*\.json$/, fromParams],
  ['params', /^params[^/]*\.json$/, params],
  ['serialization dir', /^serialization_dir[^/]*\.json$/, serializationDir],
  ['find lr', /^find_lr[^/]*\.json$/, findLr],
  ['data', /^data[^/]*\.json$/, data],
  ['train command', /^train_command[^/]*\.json$/, trainCommand],
  ['initializers', /^initializers[^/]*\.json$/, initializers],
  ['regularizers', /^regularizers[^/]*\.json$/, regularizers],
  ['regex search', /^regex_search[^/]*\.json$/, regexSearch],
  ['tensorboard', /^tensorboard[^/]*\.json$/, tensorboard],
  ['util', /^util[^/]*\.json$/, util],
  ['trainer', /^trainer\/[^/]*\.json$/, trainer],
  ['checkpointer', /^checkpointer[^/]*\.json$/, checkpointer],
  ['mid-epoch checkpoint', /^mid_epoch_checkpoint[^/]*\.json$/, midEpochCheckpoint],
  ['trainer v2', /^trainer_v2\/[^/]*\.json$/, trainerV2],
];

/** The family of a file as `{ name, cases }`, or undefined for one that nothing reads yet. */
export function familyOf(file) {
  const found = FAMILIES.find(([, pattern]) => pattern.test(file));
  return found && { name: found[0], cases: found[2].cases };
}
