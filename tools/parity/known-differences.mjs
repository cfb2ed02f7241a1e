/**
 * Where the behaviour is meant to differ from the original: in which family, for which fixtures, at which place of the
 * comparison, and why. By feature, never by the name of a file or a case.
 */
const DIFFERENCES = [
  {
    family: 'trainer',
    has: ({ resumed, trainer }) => resumed === 'as recorded' && trainer.moving_average !== undefined,
    at: /^phase [1-9]/,
    reason: 'a resume with a moving average is exact: raw and averaged weights are both saved',
  },
  {
    family: 'trainer',
    has: ({ resumed }) => resumed === 'checkpoints',
    at: /^phase [1-9]\d*: the checkpoints that are kept/,
    reason: 'after a resume the checkpoints of the earlier process count too, so that no more are kept than asked for',
  },
  {
    family: 'trainer',
    has: ({ trainer }) => schedulesAdam(trainer.optimizer, trainer.momentum_scheduler),
    at: /^the error/,
    reason: 'a momentum scheduler works on the first beta of Adam and its kin',
  },
  {
    family: 'momentum',
    has: ({ optimizer, scheduler }) => schedulesAdam(optimizer, scheduler),
    at: /^the error/,
    reason: 'a momentum scheduler works on the first beta of Adam and its kin',
  },
  {
    family: 'optimizer errors',
    has: ({ error }) => /does not support sparse gradients/.test(error?.message),
    at: /^the error/,
    reason: 'gradients of TF.js are dense: an optimizer is never given any other',
  },
  {
    family: 'schedulers',
    has: ({ allennlp, scheduler, optimizer }) =>
      allennlp?.startsWith('1.') && scheduler.gradual_unfreezing === true && optimizer.parameter_groups?.length >= 2,
    at: /./,
    reason:
      'gradual unfreezing trains one layer more in each epoch, as of 2.x; 1.0 takes two at a time and fails from three on',
  },
  {
    family: 'schedulers',
    has: ({ batch_num_total_null: withoutNumber }) => withoutNumber === true,
    at: /after_each_batch/,
    reason: 'stepBatch() is always told the number of the step',
  },
  {
    family: 'metric tracker',
    has: ({ metrics }) => metrics?.includes('NaN'),
    at: /^after_each|^state/,
    reason: 'NaN is never the best value',
  },
  {
    family: 'metric tracker',
    has: ({ constructor, error }) =>
      error !== undefined && (constructor.metric_name === undefined) === (constructor.should_decrease === undefined),
    at: /^the error/,
    reason: 'the direction is one argument of its own, so that neither or both cannot be given',
  },
  {
    family: 'util',
    has: ({ file_text: text }) => /: -?(NaN|Infinity)/.test(text),
    at: /^file_text/,
    reason: 'JSON has no NaN and no Infinity: they are written as strings',
  },
  {
    family: 'util',
    has: ({ batches }) => batches?.length === 0,
    at: /^the outcome/,
    reason: 'an evaluation of no batch at all is an error',
  },
];

/** The reason why a fixture of a family may differ at a place of the comparison, or null. */
export function knownDifference(family, fixture, at) {
  const found = DIFFERENCES.find((each) => each.family === family && each.has(fixture) && each.at.test(at));
  return found?.reason ?? null;
}

function schedulesAdam(optimizer, momentumScheduler) {
  return momentumScheduler !== undefined && ['adam', 'adamw'].includes(optimizer?.type);
}
