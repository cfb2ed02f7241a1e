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
    family: 'data',
    has: ({ options, batches_before_shuffle: [first] = [] }) =>
      options?.max_tokens !== undefined && first?.length === 0,
    at: /^batches_before_shuffle$/,
    reason: 'max_tokens_sampler gives no empty batch before a first instance that is too long',
  },
  {
    family: 'params',
    has: ({ op, params, ok }) => /^pop_(int|float|bool)\(/.test(op) && !Object.values(params).includes(ok),
    at: /^the value/,
    reason: 'types are strict: a value has the type that the schema says, and text is no number',
  },
  {
    family: 'params',
    has: ({ op, ok }) => /^pop_choice\(/.test(op) && String(ok).includes('.'),
    at: /^the value/,
    reason: 'classes are not imported by their path: what a config may run is listed in "plugins"',
  },
  {
    family: 'params',
    has: ({ error }) => error?.message === 'cannot infer type of None',
    at: /^the error/,
    reason: 'null in a config is null',
  },
  {
    family: 'params',
    has: ({ dumped }) => /[ []-?\d+\.0[,}\]]/.test(dumped),
    at: /^the hash/,
    reason: 'JSON has one type of number in JavaScript: 1.0 is 1',
  },
  {
    family: 'params',
    has: ({ jsonnet }) => jsonnet !== undefined,
    at: /^the Jsonnet package/,
    reason: 'a Jsonnet program is evaluated by an optional package, which an error asks to install',
  },
  {
    family: 'train command',
    has: ({ flags, error }) => flags.recover === true && error !== undefined,
    at: /^the (error|files)/,
    reason: 'numEpochs and patience may change when a run goes on',
  },
  {
    family: 'train command',
    has: ({ flags }) => flags.recover === true,
    at: /^the checkpoints that are kept/,
    reason: 'after a resume the checkpoints of the earlier process count too, so that no more are kept than asked for',
  },
  {
    family: 'train command',
    has: ({ config, error }) => config.dataset_reader?.lazy === true && error?.type === 'TypeError',
    at: /^the (error|files)/,
    reason: 'test data of a lazy reader are test data; 1.0 fails on them when training is done',
  },
  {
    family: 'train command',
    has: ({ error }) => error !== undefined && error.type !== 'KeyboardInterrupt',
    at: /^the files, of which there are none/,
    reason: 'a run that could not start leaves nothing in its folder',
  },
  {
    family: 'train command',
    has: ({ config, error }) => config.distributed != null && error === undefined,
    at: /^the (run|files)/,
    reason: 'a config starts one process: "distributed" is refused before anything is read',
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
