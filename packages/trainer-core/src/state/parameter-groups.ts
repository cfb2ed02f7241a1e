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
 * A pattern that finds nothing is a warning.
 *
 * @throws ConfigError if a parameter is found by patterns of two groups; ModelError without any parameter.
 */
export function makeParameterGroups(
  options: {
    readonly parameterGroups?: readonly ParameterGroupConfig[] | null | undefined;
    readonly [key: string]: unknown;
  },
  parameters: ParameterSet,
): ParameterGroup[] {
  const { parameterGroups, ...defaults } = options;
  if (parameters.size === 0) {
    throw new ModelError(
      'X_MODEL_NOTHING_TO_TRAIN',
      'the optimizer was given no parameters: the model has none, or every one of them is frozen',
    );
  }
  if (parameterGroups === undefined || parameterGroups === null || parameterGroups.length === 0) {
    return [new ParameterGroup([...parameters], { ...defaults })];
  }
  const searches = parameterGroups.map(([patterns]) =>
    patterns.map((pattern) => ({ pattern, regex: searchPattern(pattern) })),
  );
  const members: Parameter[][] = [...parameterGroups.map(() => []), []];
  const problems: ConfigProblem[] = [];
  const used = new Set<string>();
  for (const parameter of parameters) {
    const found = searches.flatMap((group, i) => {
      const hits = group.filter(({ regex }) => regex.test(parameter.name));
      for (const { pattern } of hits) used.add(pattern);
      return hits.length > 0 ? [i] : [];
    });
    if (found.length > 1) {
      problems.push({
        code: 'X_CONFIG_INVALID',
        path: 'parameterGroups',
        message: `${parameter.name} was specified in two separate parameter groups (numbers ${found.join(' and ')})`,
      });
    }
    members[found[0] ?? parameterGroups.length]!.push(parameter);
  }
  if (problems.length > 0) throw new ConfigError(problems, "the optimizer's options");
  for (const { pattern } of searches.flat()) {
    if (!used.has(pattern))
      log.warn(`When constructing parameter groups, ${pattern} does not match any parameter name`);
  }
  return members.map((group, i) => new ParameterGroup(group, { ...defaults, ...(parameterGroups[i]?.[1] ?? {}) }));
}
