/**
 * Every error of this package, one class per kind and one code per cause. A message says what was received, what was
 * expected, where, and what to do; `code` is what users search for and programs branch on.
 */

/** Codes by class. The table is the documentation: a code that is not here is never thrown by this package. */
export type ErrorCode =
  | 'X_CONFIG'
  | 'X_CONFIG_FILE'
  | 'X_CONFIG_UNKNOWN_KEY'
  | 'X_CONFIG_WRONG_TYPE'
  | 'X_CONFIG_UNKNOWN_NAME'
  | 'X_CONFIG_NO_TYPE'
  | 'X_CONFIG_TWO_SPELLINGS'
  | 'X_CONFIG_MISPLACED_KEY'
  | 'X_CONFIG_INVALID'
  | 'X_CONFIG_OVERRIDE'
  | 'X_CONFIG_ENVIRONMENT'
  | 'X_PLUGIN_MISSING'
  | 'X_PLUGIN_FAILED'
  | 'X_PLUGIN_NOT_A_PLUGIN'
  | 'X_PLUGIN_DUPLICATE_NAME'
  | 'X_DEPENDENCY_CYCLE'
  | 'X_DEPENDENCY_MISSING'
  | 'X_COMPONENT_FAILED'
  | 'X_MODEL_NO_LOSS'
  | 'X_MODEL_LOSS_NOT_SCALAR'
  | 'X_MODEL_NOTHING_TO_TRAIN'
  | 'X_MODEL_INVALID'
  | 'X_METRIC_UNKNOWN'
  | 'X_NAN_LOSS'
  | 'X_NON_FINITE'
  | 'X_DATA_EMPTY'
  | 'X_DATA_INVALID'
  | 'X_ENGINE_NO_BACKEND'
  | 'X_ENGINE_NO_GRADIENTS'
  | 'X_ENGINE_UNAVAILABLE'
  | 'X_ENGINE_NOT_COMPILABLE'
  | 'X_ENGINE_MISMATCH'
  | 'X_ENGINE_RUN_FAILED'
  | 'X_ONNXRUNTIME_MISSING'
  | 'X_ONNXRUNTIME_VERSION'
  | 'X_ONNXRUNTIME_PLATFORM'
  | 'X_ONNXRUNTIME_FAILED'
  | 'X_ONNX_MODEL_TOO_LARGE'
  | 'X_DEVICE'
  | 'X_DISTRIBUTED'
  | 'X_OPTIMIZER'
  | 'X_SCHEDULER'
  | 'X_DIR_NOT_EMPTY'
  | 'X_DIR_NOT_WRITABLE'
  | 'X_DIR_MISSING'
  | 'X_DIR_OTHER_CONFIG'
  | 'X_DIR_LOCKED'
  | 'X_CHECKPOINT'
  | 'X_CHECKPOINT_CORRUPT'
  | 'X_CHECKPOINT_NO_SPACE'
  | 'X_STATE_MISMATCH'
  | 'X_INTERRUPTED'
  | 'X_NODE_VERSION'
  | 'X_USAGE';

/** The base class of all errors that are meant for the user: they carry a code and no stack trace is needed to act. */
export class TrainerError extends Error {
  override readonly name: string = 'TrainerError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** One thing wrong with a config. `path` is dotted and absolute: `trainer.optimizer.lr`. */
export interface ConfigProblem {
  readonly code: ErrorCode;
  readonly path: string;
  readonly message: string;
}

/** A config that cannot be used. It reports every problem found, not only the first. */
export class ConfigError extends TrainerError {
  override readonly name: string = 'ConfigError';

  constructor(
    readonly problems: readonly ConfigProblem[],
    /** What the paths are relative to: a file name, or a description such as `the trainer's options`. */
    readonly source: string = 'the configuration',
    options?: { cause?: unknown },
  ) {
    super(
      problems.length === 1 ? problems[0]!.code : 'X_CONFIG',
      `${source} ${isPlural(source) ? 'have' : 'has'} ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n` +
        problems.map((problem) => `  ${placeOf(problem)}${problem.message} [${problem.code}]`).join('\n'),
      options,
    );
  }

  /** An error about one path. */
  static of(code: ErrorCode, path: string, message: string, source?: string): ConfigError {
    return new ConfigError([{ code, path, message }], source);
  }
}

/** Whether it is as `the options of adam`, `the optimizer's parameter groups`; the name of a file is one thing. */
function isPlural(source: string): boolean {
  return /^the (?:\S+'s )?(?:\w+ )?(?:options|groups)(?: of .*)?$/.test(source);
}

/** A file that cannot be read or parsed has no place in it that could be named. */
function placeOf({ path, code }: ConfigProblem): string {
  if (path !== '') return `${path}: `;
  return code === 'X_CONFIG_FILE' ? '' : '(top level): ';
}

/** A plugin that cannot be found or loaded, or is not one; two plugins that claim one name. */
export class PluginError extends TrainerError {
  override readonly name: string = 'PluginError';
}

/** Parts that need each other in a circle, or a part that nobody provides. */
export class DependencyError extends TrainerError {
  override readonly name: string = 'DependencyError';
}

/** A model that breaks its contract: no loss, nothing to train, two variables of one name. */
export class ModelError extends TrainerError {
  override readonly name: string = 'ModelError';
}

/** A metric that was asked for and is not produced. */
export class MetricError extends TrainerError {
  override readonly name: string = 'MetricError';
}

/** A loss, gradients or weights that are not finite. Nothing of the step that met it was committed. */
export class NonFiniteError extends TrainerError {
  override readonly name: string = 'NonFiniteError';
}

/** Data that cannot be trained on. */
export class DataError extends TrainerError {
  override readonly name: string = 'DataError';
}

/** An engine, backend or device that is not usable here. */
export class EngineError extends TrainerError {
  override readonly name: string = 'EngineError';
}

/** A serialization folder in a state that would lose or mix up work. */
export class SerializationDirError extends TrainerError {
  override readonly name: string = 'SerializationDirError';
}

/** A checkpoint that cannot be written or read. */
export class CheckpointError extends TrainerError {
  override readonly name: string = 'CheckpointError';
}

/** A saved state that does not belong to what it is loaded into. Loading changes nothing when it throws. */
export class StateError extends TrainerError {
  override readonly name: string = 'StateError';
}

/** Training was asked to stop from outside (an `AbortSignal` or a signal); everything was saved first. */
export class InterruptedError extends TrainerError {
  override readonly name: string = 'InterruptedError';

  constructor(
    message: string,
    /** What asked: `SIGTERM`, `SIGINT`, or `abort` for an `AbortSignal` of the caller. */
    readonly reason: string,
    options?: { cause?: unknown },
  ) {
    super('X_INTERRUPTED', message, options);
  }
}
