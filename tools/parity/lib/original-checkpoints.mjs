/** `model_state_epoch_3.th`, or `model_state_epoch_3.2020-06-16-10-20-30.th` within the epoch. */
const NAME = /^(?<prefix>.*?)(?<part>model|training)_state_epoch_(?<epoch>[^.]+?)(?:\.(?<time>[0-9-]+))?\.th$/;

/**
 * What the name of a file of 1.0 says, or undefined for the name of another file: the checkpoint that it is a part of, as
 * `id`, with its epoch and, within the epoch, the time.
 */
export function parseName(file) {
  const groups = NAME.exec(file)?.groups;
  if (groups === undefined) return undefined;
  const { prefix, part, epoch, time } = groups;
  return { part, prefix, epoch, time, id: [`${prefix}${epoch}`, time].filter((each) => each !== undefined).join('.') };
}

/**
 * The folders that hold here what files of 1.0 hold there.
 *
 * @param stepAt the number of the step in its epoch that was saved at a time.
 */
export function foldersOf(files, stepAt) {
  const models = files.map(parseName).filter((name) => name?.part === 'model');
  return models.map(({ epoch, time }) => `epoch_${epoch}${time === undefined ? '' : `_step_${stepAt(time)}`}`).sort();
}

/** `2020-06-16-10-20-30`, in UTC. */
export function timeOf(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
}
