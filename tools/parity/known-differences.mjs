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
    has: ({ input }) => JSON.stringify(input ?? '').includes('"null"'),
    at: /^the value/,
    reason: 'a variable that reads null is null, as it is in JSON',
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
    family: 'from params',
    has: ({ params, ok }) => ok !== undefined && isConverted(params, ok),
    at: /^what is built/,
    reason:
      'types are strict: true is no number, 1 is no boolean, null stands only where it means something, tuples are not cut',
  },
  {
    family: 'from params',
    has: ({ params, ok }) => ok !== undefined && /"type":"\w+\./.test(JSON.stringify(params)),
    at: /^what is built/,
    reason: 'classes are not imported by their path: what a config may run is listed in "plugins"',
  },
  {
    family: 'from params',
    has: ({ ok }) => ok?.lazy?.lazy_constructs?.error !== undefined,
    at: /^what is built/,
    reason: 'the options of a lazy part are checked with all others, before anything is built',
  },
  {
    family: 'serialization dir',
    has: ({ recover, error_log_lines: lines }) =>
      recover && lines.length > 0 && lines.every((line) => /'trainer\.(num_epochs|patience)'/.test(line)),
    at: /^the error/,
    reason: 'the number of epochs and patience may change when a run goes on',
  },
  {
    family: 'serialization dir',
    has: ({ force, existing_files: files }) =>
      force && Object.keys(files ?? {}).length > 0 && files['config.json'] === undefined,
    at: /^the run/,
    reason: 'force deletes the folder of a run, never one that has no config.json',
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

/** Parameters that may be null. */
const NULLABLE = ['lives', 'friend', 'by_name', 'pair', 'opt', 'lazy', 'raw', 'nums'];

/** Whether Python's leniency changes a parameter of a zoo, or lets one pass. */
function isConverted(params, ok) {
  if (Array.isArray(params) && Array.isArray(ok)) {
    return params.length !== ok.length || params.some((item, i) => isConverted(item, ok[i]));
  }
  if (params === null || typeof params !== 'object') return typeof params === 'boolean' && typeof ok === 'number';
  return Object.entries(params).some(([key, value]) => {
    if (key === 'raw') return value !== null && (typeof value !== 'object' || Array.isArray(value));
    if (key === 'pair' && Array.isArray(value) && value.length !== 2) return true;
    if (value === null || value === 'None') return !NULLABLE.includes(key);
    if (typeof value === 'boolean' && key !== 'flag') return true;
    if (typeof value === 'number' && typeof ok?.[key] === 'boolean') return true;
    return isConverted(value, ok?.[key]);
  });
}
