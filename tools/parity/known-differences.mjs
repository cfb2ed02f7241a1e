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
    family: 'optimizers',
    has: ({ type }) => type.startsWith('torch1.13.'),
    at: /^trajectory/,
    reason: 'nadam is that of torch since 2.0: 1.13 multiplies by one factor twice',
  },
  {
    family: 'param groups',
    has: ({ groups, optimizer_param_groups: made = [] }) =>
      groups?.some(([, options]) => hasMore(options, made.at(-1))),
    at: /^the error/,
    reason: "a group takes the optimizer's own options only",
  },
  {
    family: 'optimizer errors',
    has: ({ error }) => /does not support sparse gradients/.test(error?.message),
    at: /^the error/,
    reason: 'an optimizer without a rule for row-sparse gradients takes them for what they are besides: dense ones',
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
];

/** The reason why a fixture of a family may differ at a place of the comparison, or null. */
export function knownDifference(family, fixture, at) {
  const found = DIFFERENCES.find((each) => each.family === family && each.has(fixture) && each.at.test(at));
  return found?.reason ?? null;
}

const WITH_BETAS = 'adam adamw adamax huggingface_adamw sparse_adam dense_sparse_adam nadam radam'.split(' ');

function schedulesAdam(optimizer, momentumScheduler) {
  return momentumScheduler !== undefined && WITH_BETAS.includes(optimizer?.type?.split('.').at(-1).toLowerCase());
}

/** Whether a group has options that an optimizer does not know; torch gives every group all that it knows. */
function hasMore(options, known = {}) {
  return Object.keys(options).some((key) => key !== 'requires_grad' && !(key in known));
}
