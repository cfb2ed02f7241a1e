import { searchPattern } from '../config/pattern.js';
import type { ConfigProblem } from '../errors.js';
import { ConfigError, ModelError, StateError } from '../errors.js';
import { log } from '../log.js';
import type { Parameter, ParameterSet } from './parameters.js';
import type { StateDict, StateValue } from './state-dict.js';
import { readState } from './state-dict.js';

/** Regular expressions, searched in parameter names, and the options of the parameters that they find. */
export type ParameterGroupConfig = readonly [patterns: readonly string[], options: Readonly<Record<string, unknown>>];

/** Parameters that share hyperparameters. */
export class ParameterGroup {
  constructor(
    readonly parameters: readonly Parameter[],
    /** Live: schedulers and callbacks write into it, and what they write acts from the next step on. */
    readonly options: Record<string, unknown>,
  ) {}

  stateDict(): StateDict {
    return { parameters: this.parameters.map(({ name }) => name), options: this.options as StateDict };
  }

  /** @throws StateError (`X_STATE_MISMATCH`) if the saved group held other parameters. */
  checkStateDict(state: StateDict, index: number): void {
    const saved = readState(state, 'parameters', 'array').map(String);
    const own = this.parameters.map(({ name }) => name);
    const missing = own.filter((name) => !saved.includes(name));
    const extra = saved.filter((name) => !own.includes(name));
    if (missing.length > 0 || extra.length > 0) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved parameter group ${index} does not hold the same parameters: missing in the saved state ` +
          `[${missing.join(', ')}], only there [${extra.join(', ')}]`,
      );
    }
  }

  loadOptions(state: StateDict): void {
    const saved: Record<string, StateValue> = { ...readState(state, 'options', 'object') };
    for (const key of Object.keys(this.options)) if (!(key in saved)) delete this.options[key];
    Object.assign(this.options, saved);
  }
}

/**
 * Sorts parameters into groups. Each configured group has the options of its entry over the optimizer's own; the last
 * group takes the parameters that no pattern finds, and exists even when it is empty. Without configured groups there is
 * a single one.
 *
 * A group with `requiresGrad: false` freezes its parameters and is left out. A pattern that finds nothing is a warning, and
 * so are other options of a frozen group.
 *
 * @throws ConfigError if a parameter is found by patterns of two groups; ModelError if no parameter is left to train.
 */
export function makeParameterGroups(
  options: {
    readonly parameterGroups?: readonly ParameterGroupConfig[] | null | undefined;
    readonly [key: string]: unknown;
  },
  parameters: ParameterSet,
): ParameterGroup[] {
  const { parameterGroups, ...defaults } = options;
  const configs = parameterGroups ?? [];
  const members = sort(configs, parameters);
  const sorted = members.map((group, i) => ({ group, options: defined(configs[i]?.[1] ?? {}) }));
  const frozen = sorted.filter(({ options: own }) => own['requiresGrad'] === false);
  const trained = sorted.filter((each) => !frozen.includes(each));
  const count = trained.flatMap(({ group }) => group).reduce((sum, { variable }) => sum + variable.size, 0);
  if (!trained.some(({ group }) => group.length > 0)) {
    throw new ModelError(
      'X_MODEL_NOTHING_TO_TRAIN',
      'the optimizer was given no parameters: the model has none, or every one of them is frozen',
    );
  }
  for (const { group, options: own } of frozen) freeze(group, own);
  log.info(`Number of trainable parameters: ${count}`);
  return trained.map(
    ({ group, options: { requiresGrad: _, ...own } }) => new ParameterGroup(group, { ...defaults, ...own }),
  );
}

/** The parameters that the patterns of each group find, and last those that none finds. */
function sort(configs: readonly ParameterGroupConfig[], parameters: ParameterSet): Parameter[][] {
  const members: Parameter[][] = [...configs.map(() => []), []];
  const unused = new Set(configs.flatMap(([patterns]) => patterns));
  const regexes = configs.map(([patterns]) => patterns.map((pattern) => ({ pattern, regex: searchPattern(pattern) })));
  const problems: ConfigProblem[] = [];
  for (const parameter of parameters) {
    const found = regexes.flatMap((group, i) => {
      const hits = group.filter(({ regex }) => regex.test(parameter.name));
      for (const { pattern } of hits) unused.delete(pattern);
      return hits.length > 0 ? [i] : [];
    });
    if (found.length > 1) {
      problems.push({
        code: 'X_CONFIG_INVALID',
        path: 'parameterGroups',
        message: `${parameter.name} was specified in two separate parameter groups (numbers ${found.join(' and ')})`,
      });
    }
    members[found[0] ?? configs.length]!.push(parameter);
  }
  if (problems.length > 0) throw new ConfigError(problems, "the optimizer's options");
  for (const pattern of unused) {
    log.warn(`When constructing parameter groups, ${pattern} does not match any parameter name`);
  }
  return members;
}

function freeze(group: readonly Parameter[], { requiresGrad: _, ...unused }: Readonly<Record<string, unknown>>): void {
  const names = group.map(({ name }) => name).join(', ') || 'no parameter';
  for (const parameter of group) parameter.trainable = false;
  log.info(`Frozen by a parameter group: ${names}`);
  if (Object.keys(unused).length > 0) {
    log.warn(`Ignoring unused options ${JSON.stringify(unused)} for ${names}: requiresGrad is false`);
  }
}

/** An option that is set to undefined is left to the optimizer. */
function defined(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
