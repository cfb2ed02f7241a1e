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
    has: ({ resumed, train_batches: batches = [] }) => resumed === 'as recorded' && hasSeveralHeads(batches),
    at: /^phase [1-9]/,
    reason:
      'a parameter that some batches do not reach is updated after a resume as it was before, and as if never interrupted',
  },
  {
    family: 'trainer',
    has: ({ trainer: { learning_rate_scheduler: scheduler, optimizer } }) =>
      scheduler?.gradual_unfreezing === true && optimizer.parameter_groups?.length >= 2,
    at: /./,
    reason:
      'gradual unfreezing trains one layer more in each epoch, as of 2.x; 1.0 takes two at a time and fails from three on',
  },
  {
    family: 'trainer',
    has: wantsAnInteger,
    at: /^the error/,
    reason: 'JSON has one type of number in JavaScript: 1.0 is 1',
  },
  {
    family: 'trainer v2',
    has: wantsAnInteger,
    at: /^the error/,
    reason: 'JSON has one type of number in JavaScript: 1.0 is 1',
  },
  {
    family: 'trainer',
    has: ({ result: { batches = [] } = {} }) =>
      batches.some((batch) => !batch.is_training && batch.losses.includes('NaN')),
    at: /metrics_keys|metric_tracker|^returned_metrics|metrics_files/,
    reason: 'NaN is never the best value',
  },
  ...['trainer', 'trainer v2'].flatMap((family) => [
    {
      family,
      has: ({ trainer }) => meansNothingTo(trainer),
      at: /^the config/,
      reason: 'types are strict, and a number that means nothing is refused',
    },
    {
      family,
      has: ({ trainer: { no_grad: patterns = [] }, initial_parameters: parameters }) =>
        patterns.length > 0 &&
        Object.keys(parameters).every((name) => patterns.some((pattern) => new RegExp(pattern).test(name))),
      at: /^the config/,
      reason: 'an optimizer with nothing to train is refused before training',
    },
    {
      family,
      has: ({ trainer }) => isOfAnotherVersion(trainer),
      at: /^the error/,
      reason: "the names and options of both versions are known, and torch's names of its classes",
    },
  ]),
  {
    family: 'trainer v2',
    has: ({ trainer }) => trainer.grad_norm === 0,
    at: /./,
    reason: 'a limit of 0 for the norm is no limit, as in 1.0; 2.10 scales all gradients to 0',
  },
  {
    family: 'trainer v2',
    has: ({ result: { error } = {} }) => /does not require grad/.test(error?.message),
    at: /^callback_log/,
    reason: 'a callback is told of a backward pass when it is done',
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
    family: 'trainer v2',
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
    family: 'param groups',
    has: ({ made_groups: made, error }) => error === undefined && made?.every(({ params = [] }) => params.length === 0),
    at: /^the error/,
    reason: 'an optimizer with nothing to train is refused, also where there are groups',
  },
  {
    family: 'no grad',
    has: ({ requires_grad: flags = {} }) => Object.values(flags).every((flag) => !flag),
    at: /^the config/,
    reason: 'an optimizer with nothing to train is refused, also where there are groups',
  },
  {
    family: 'optimizer errors',
    has: ({ config }) => isLenient(config),
    at: /^the config/,
    reason:
      'types are strict, and no option is out of its range where torch does not look: in groups, and in some optimizers',
  },
  {
    family: 'optimizer errors',
    has: ({ config }) => typeof config.type === 'string' && /[A-Z]/.test(config.type),
    at: /^the error/,
    reason: "torch's names of its classes are known too",
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
    has: ({ scheduler }) => meansNothing(scheduler),
    at: /^the config/,
    reason: 'numbers that mean nothing in a schedule are refused, though Python can calculate with them',
  },
  {
    family: 'schedulers',
    has: ({ allennlp, scheduler }) => allennlp?.startsWith('2.') && scheduler.total_steps !== undefined,
    at: /^the error/,
    reason: 'the options of both versions are known, whatever the compatibility preset',
  },
  {
    family: 'schedulers',
    has: ({ scheduler }) => scheduler.schedulers?.slice(1).some(([, { type }]) => type === 'slanted_triangular'),
    at: /^the error/,
    reason:
      'a slanted triangle may come after another schedule; 2.10 then divides by its number of steps so far, which is 0',
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
    family: 'regex search',
    has: ({ pattern, string }) => READ_DIFFERENTLY.test(pattern) || (pattern.endsWith('$') && string.endsWith('\n')),
    at: /^(ok|the error|the config)/,
    reason: "patterns are JavaScript's; of what only Python has, the forms that can be translated are",
  },
  {
    family: 'util',
    has: ({ file_text: text }) => /\\u[0-9a-f]{4}/.test(text),
    at: /^file_text/,
    reason: 'files are UTF-8: what is not ASCII is written as it is',
  },
  {
    family: 'util',
    has: ({ batches }) => batches?.length === 0,
    at: /^the outcome/,
    reason: 'an evaluation of no batch at all is an error',
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
    has: ({ result_key_order: orders = {} }) =>
      Object.values(orders).some((keys) => keys.some((key) => /^\d+$/.test(key))),
    at: /^the keys of/,
    reason: 'in a JavaScript object, keys that are whole numbers come first',
  },
  {
    family: 'params',
    has: ({ jsonnet }) => jsonnet !== undefined,
    at: /^the Jsonnet package/,
    reason: 'a Jsonnet program is evaluated by an optional package, which an error asks to install',
  },
  {
    family: 'train command',
    has: ({ changes, error }) =>
      error !== undefined &&
      changes.length > 0 &&
      changes.every((key) => ['trainer.num_epochs', 'trainer.patience'].includes(key)),
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
  {
    family: 'data',
    has: ({ options, batches_before_shuffle: [first] = [] }) =>
      options?.max_tokens !== undefined && first?.length === 0,
    at: /^batches_before_shuffle$/,
    reason: 'max_tokens_sampler gives no empty batch before a first instance that is too long',
  },
  {
    family: 'from params',
    has: ({ params, ok }) => ok !== undefined && isConverted(params, ok),
    at: /^what is built/,
    reason:
      'types are strict: true is no number, 1 is no boolean, {} is no list, null stands only where it means something, tuples are not cut',
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
  {
    family: 'trainer v2',
    has: ({ resumed, trainer }) => resumed === 'as recorded' && trainer.moving_average !== undefined,
    at: /^phase [1-9]/,
    reason: 'after a resume validation uses the averages: 2.10 restores them without a tie to the model',
  },
  {
    family: 'trainer v2',
    has: ({ resumed }) => resumed === 'epoch metrics',
    at: /^phase [1-9]\d*: epoch metrics/,
    reason: 'an epoch that is gone on with keeps its metrics so far; 2.10 has those of the rest, over all of its steps',
  },
  {
    family: 'trainer v2',
    has: ({ resumed, trainer }) =>
      resumed === 'checkpoints' && (trainer.checkpointer?.save_every_num_batches ?? null) !== null,
    at: /^phase [1-9]\d*: the checkpoints that are kept/,
    reason: 'steps are saved by their number in the epoch, so that a resumed run saves at the same ones',
  },
  {
    family: 'trainer v2',
    has: ({ only }) => only === 'batch_reg_loss',
    at: /^batch_reg_loss/,
    reason: 'the penalty of a step is the mean over its micro-batches; 2.10 has the share of the last one',
  },
  {
    family: 'checkpointer',
    has: ({ looksFor, ok, files, find_latest_checkpoint: latest, files_after_each_op: after }) =>
      looksFor === 'newest' && isOlderThanEnd((latest ?? ok)?.[0], after?.at(-1) ?? files),
    at: /^the newest/,
    reason: 'the end of an epoch comes after all of its steps',
  },
  {
    family: 'checkpointer',
    has: ({ ops }) => ops?.some(({ op, advance }, i) => i > 0 && op === 'maybe_save' && advance < 1) === true,
    at: /^after operation|^the newest/,
    reason: 'checkpoints within an epoch are named by step, so that two in one second are two',
  },
  {
    family: 'checkpointer',
    has: ({ files }) => files === 'MISSING' || (Array.isArray(files) && files.some(isOddlyNamed)),
    at: /^the newest|^the error/,
    reason: 'only folders of exactly our names are checkpoints; where there is none, there is no checkpoint',
  },
  {
    family: 'checkpointer',
    has: ({ files, ok }) => Array.isArray(files) && Array.isArray(ok) && !ok.every((file) => files.includes(file)),
    at: /^the newest/,
    reason: 'a checkpoint is whole or is none',
  },
  {
    family: 'checkpointer',
    has: ({ constructor: options, looksFor }) => options?.num_serialized_models_to_keep === 0 && looksFor === 'newest',
    at: /^the newest/,
    reason: 'the newest checkpoint and the best one are always kept',
  },
  {
    family: 'mid-epoch checkpoint',
    has: ({ phases }) => phases[0].interrupted_at !== undefined,
    at: /^phase [1-9]/,
    reason: 'a resume within an epoch goes on at the next batch; 1.0 never trains the rest of the epoch',
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

/** Whether a whole number was refused for being written as 1.0. */
function wantsAnInteger({ trainer, result: { error } = {} }) {
  return Number.isInteger(trainer[/^Expected (\w+) to be a int\.$/.exec(error?.message)?.[1]]);
}

/** Whether there are parameters that only some batches reach. */
function hasSeveralHeads(batches) {
  return new Set(batches.map(({ head }) => head)).size > 1;
}

/** Whether a schedule is given a number of steps, epochs or waves that there cannot be. */
function meansNothing({ cut_frac: cut = 0, warmup_steps: warmup = 0, total_steps: total = 1, schedulers, ...others }) {
  const isEmpty = schedulers !== undefined && !(schedulers.length > 0 && schedulers.every(([epochs]) => epochs > 0));
  const isStill = others.type?.startsWith('cosine_hard_restarts') && others.num_cycles === 0;
  return cut < 0 || cut >= 1 || warmup < 0 || total <= 0 || isEmpty || isStill;
}

/** Whether the options of an optimizer, or of one of its groups, pass in Python only for want of a check. */
function isLenient({ type, lr, betas, nesterov, amsgrad, weight_decay: decay, alpha, parameter_groups: groups = [] }) {
  if (typeof lr === 'boolean' || typeof nesterov === 'number' || typeof amsgrad === 'number') return true;
  if (betas?.length > 2 || groups.some?.(([, options]) => options.lr < 0)) return true;
  return (type === 'huggingface_adamw' && (decay === null || decay < 0)) || (type === 'averaged_sgd' && alpha < 0);
}

/** Whether a group has options that an optimizer does not know; torch gives every group all that it knows. */
function hasMore(options, known = {}) {
  return Object.keys(options).some((key) => key !== 'requires_grad' && !(key in known));
}

/** Flags for a part or for spaces, possessive repeats, and what JavaScript takes more of: names, back references, ranges. */
const READ_DIFFERENTLY = /\(\?[aiLmsu-]+:|\(\?x\)|[*+?}]\+|\(\?<\w|\\[1-9]|-\\[dws]/;

/** Parameters that may be null. */
const NULLABLE = ['lives', 'friend', 'by_name', 'pair', 'opt', 'lazy', 'raw', 'nums'];

/** Whether Python's leniency changes a parameter of a zoo, or lets one pass. */
function isConverted(params, ok) {
  if (Array.isArray(params) && Array.isArray(ok)) {
    return params.length !== ok.length || params.some((item, i) => isConverted(item, ok[i]));
  }
  if (Array.isArray(ok) && params !== null && typeof params === 'object') return true;
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

/** Whether a checkpoint of 1.0 was made within an epoch whose end was saved too. */
function isOlderThanEnd(latest, files) {
  const epoch = /_epoch_(\d+)\.\d{4}-/.exec(latest ?? '')?.[1];
  return epoch !== undefined && files.includes(`model_state_epoch_${epoch}.th`);
}

/** Whether 1.0 takes a file for a model's checkpoint though its name is not quite that. */
function isOddlyNamed(file) {
  return file.includes('model_state_epoch') && !/^model_state_epoch_\d+(\.[\d-]+)?\.th$/.test(file);
}

/** Whether a trainer is given what Python takes and nobody means. */
function meansNothingTo({ patience, no_grad: patterns, grad_clipping: clipping, moving_average: average }) {
  const { decay = 0, denominator = 1, numerator = 0 } = average ?? {};
  return (
    typeof patience === 'boolean' ||
    typeof patterns === 'string' ||
    clipping < 0 ||
    decay > 1 ||
    denominator <= 0 ||
    numerator < 0
  );
}

/** Whether a trainer asks for what only the other original has, or names a class as torch does. */
function isOfAnotherVersion({ grad_norm: norm, optimizer, learning_rate_scheduler: scheduler }) {
  return norm === true || /^[A-Z]/.test(optimizer?.type) || NAMES_OF_2.includes(scheduler?.type);
}

const NAMES_OF_2 = ['linear_with_warmup', 'constant', 'combined'];
