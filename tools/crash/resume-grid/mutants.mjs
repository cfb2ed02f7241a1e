import * as tf from '@tensorflow/tfjs';

const plain = {
  optimizer: 'sgd',
  average: 'off',
  dropout: true,
  data: 'shuffle',
  scheduler: 'plateau',
  engine: 'eager',
  group: 2,
};

/**
 * What a checkpoint may lose before a run goes on from it, and where that has to show: in the final state or in what is
 * logged. `apply` changes a restored checkpoint; the others lose the part of their name. Each is resumed as far as it goes.
 */
export const MUTANTS = [
  {
    part: 'the weights',
    in: plain,
    stop: 'midEpoch',
    apply: (saved) => ({ ...saved, modelState: zeros(saved.modelState) }),
  },
  {
    part: 'a buffer',
    in: plain,
    stop: 'midEpoch',
    apply: ({ modelState, ...rest }) => ({ ...rest, modelState: { ...modelState, seen: tf.zeros([3]) } }),
  },
  { part: 'rawParameters', in: { ...plain, average: 'on' }, stop: 'midEpoch', apply: without('rawParameters', {}) },
  { part: 'movingAverage', in: { ...plain, average: 'on' }, stop: 'midEpoch' },
  { part: 'progress', in: plain, stop: 'midEpoch' },
  { part: 'optimizer', in: plain, stop: 'midEpoch' },
  { part: 'optimizer', in: { ...plain, optimizer: 'adamw' }, stop: 'midEpoch' },
  { part: 'optimizer', in: { ...plain, optimizer: 'multi' }, stop: 'midEpoch' },
  { part: 'step', in: { ...plain, data: 'bucket' }, stop: 'midEpoch' },
  { part: 'learningRateScheduler', in: plain, stop: 'midEpoch' },
  { part: 'learningRateScheduler', in: { ...plain, scheduler: 'cosine' }, stop: 'midEpoch' },
  { part: 'learningRateScheduler', in: { ...plain, scheduler: 'oneCycle' }, stop: 'midEpoch' },
  { part: 'momentumScheduler', in: { ...plain, scheduler: 'none', momentum: true }, stop: 'midEpoch' },
  { part: 'precision', in: { ...plain, scaled: true }, stop: 'midEpoch' },
  { part: 'metricTracker', in: { ...plain, watch: '+loss' }, stop: 'midEpoch' },
  { part: 'epochMetrics', in: plain, stop: 'midEpoch' },
  { part: 'engine', in: { ...plain, engine: 'onnxLater', data: 'bucket', group: 1 }, stop: 'midEpoch' },
  { part: 'freezing', in: plain, stop: 'midEpoch' },
  { part: 'requests', in: { ...plain, scheduler: 'cosine' }, stop: 'midEpoch' },
  { part: 'drawsOutsideSteps', in: plain, stop: 'midEpoch' },
  { part: 'report', in: plain, stop: 'midEpoch' },
  { part: 'callbacks.Meddler', in: plain, stop: 'midEpoch' },
].map(({ apply, ...mutant }) => ({ ...mutant, apply: apply ?? without(mutant.part) }));

/** Parts whose state is derived from another's, or that have none here: losing them is refused, and changes nothing else. */
export const WITHOUT_EFFECT = ['dataPosition'];

/** A checkpoint without a part, or with something else in its place. */
export function without(part, instead) {
  return ({ modelState, trainingState: { [part]: lost, ...rest } }) => {
    if (lost === undefined) throw new Error(`the checkpoint has no "${part}" to lose`);
    return { modelState, trainingState: instead === undefined ? rest : { ...rest, [part]: instead } };
  };
}

function zeros(tensors) {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.zerosLike(tensor)]));
}
