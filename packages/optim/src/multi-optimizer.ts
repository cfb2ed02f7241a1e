import { ConfigError, inject, ModelParameters, Optimizer, ParameterSet, readState, StateError } from '@x/trainer-core';
import type {
  Coefficients,
  ConfigProblem,
  HostScalars,
  Hyperparameters,
  InitialSlot,
  ParameterGroupConfig,
  RuleInput,
  RuleOutput,
  StateDict,
  StateValue,
} from '@x/trainer-core';

import { DEFAULT_OPTIMIZER, MultiOptions, nameProblems } from './multi-options.js';

/** The options of {@link MultiOptimizer} in plain code. */
export interface MultiOptimizerOptions {
  /** How to make each optimizer for the parameters that it is to update, by name; "default" is one of them. */
  readonly optimizers: Readonly<Record<string, (parameters: ParameterSet) => Optimizer>>;
  /** Groups whose options may have an `optimizerName` and hyperparameters of that optimizer. */
  readonly parameterGroups?: readonly ParameterGroupConfig[] | null | undefined;
}

/**
 * Several optimizers, each for its own parameters: those of the groups that have its name as `optimizerName`. The optimizer
 * "default" updates the groups without a name, and what no group finds; it may be left with nothing.
 *
 * All groups are here, in the order of the configuration and with the hyperparameters of their optimizer, for schedulers
 * to change. The state, too, is kept here, by parameter; the optimizers lend their rules. After AllenNLP's
 * `MultiOptimizer`.
 */
@Optimizer.register('multi', MultiOptions, ({ optimizers, parameterGroups }, run) => {
  const makers = Object.entries(optimizers).map(([name, { spec }]) => {
    const make = (parameters: ParameterSet): Optimizer => run.build(spec, [[ModelParameters, parameters]]);
    return [name, make] as const;
  });
  return new MultiOptimizer({ optimizers: Object.fromEntries(makers), parameterGroups }, run.get(ModelParameters));
})
export class MultiOptimizer extends Optimizer {
  private readonly optimizers = new Map<string, Optimizer>();

  /**
   * @throws ConfigError without an optimizer "default", for a group whose `optimizerName` is unknown, for an optimizer other
   *   than "default" that no parameter is left for, and for overlapping groups.
   */
  constructor(
    { optimizers, parameterGroups }: MultiOptimizerOptions,
    @inject(ModelParameters) parameters: ParameterSet,
  ) {
    refuse(nameProblems(Object.keys(optimizers), parameterGroups ?? []));
    super({ parameterGroups, optimizerName: DEFAULT_OPTIMIZER }, parameters);
    const idle: string[] = [];
    for (const [name, make] of Object.entries(optimizers)) {
      const groups = this.groups.filter(({ options }) => options['optimizerName'] === name);
      const members = groups.flatMap((group) => group.parameters);
      if (members.length > 0) this.optimizers.set(name, make(new ParameterSet(members)));
      else if (name !== DEFAULT_OPTIMIZER) idle.push(name);
    }
    refuse(idle.map(withoutParameters));
    const [first] = this.optimizers.values();
    for (const { options } of this.groups) {
      // the group of "default" may be empty, but schedulers look for a learning rate in every group
      const { groups } = this.optimizers.get(options['optimizerName'] as string) ?? first!;
      for (const [key, value] of Object.entries(groups[0]!.options)) if (!(key in options)) options[key] = value;
    }
  }

  override initialSlots(options: Hyperparameters, shape: readonly number[]): Readonly<Record<string, InitialSlot>> {
    return this.optimizerOf(options).initialSlots(options, shape);
  }

  /** Those of all optimizers: whose a parameter is, the shape does not tell. */
  override optionalSlots(shape: readonly number[]): Readonly<Record<string, InitialSlot>> {
    const slots = [...this.optimizers.values()].map((optimizer) => optimizer.optionalSlots(shape));
    return Object.assign({}, ...slots) as Record<string, InitialSlot>;
  }

  override initialScalars(options: Hyperparameters): HostScalars {
    return this.optimizerOf(options).initialScalars(options);
  }

  override nextScalars(options: Hyperparameters, step: number, scalars: HostScalars): HostScalars {
    return this.optimizerOf(options).nextScalars(options, step, scalars);
  }

  /** Also of the group of "default" where it is empty: that has the options of the first optimizer. */
  override learningRate(options: Hyperparameters, step: number): number {
    const [first] = this.optimizers.values();
    const optimizer = this.optimizers.get(String(options['optimizerName'])) ?? first!;
    return optimizer.learningRate(options, step);
  }

  /** Each name begins with that of the optimizer: it is what tells {@link update} whose rule to apply. */
  override coefficients(options: Hyperparameters, step: number, scalars: HostScalars): Coefficients {
    const coefficients = this.optimizerOf(options).coefficients(options, step, scalars);
    const prefix = `${options['optimizerName'] as string}/`;
    return Object.fromEntries(Object.entries(coefficients).map(([name, value]) => [`${prefix}${name}`, value]));
  }

  override update({ coefficients, ...input }: RuleInput): RuleOutput {
    const [first] = Object.keys(coefficients);
    const name = first!.slice(0, first!.indexOf('/'));
    const own = Object.entries(coefficients).map(([key, value]) => [key.slice(name.length + 1), value] as const);
    return this.optimizers.get(name)!.update({ ...input, coefficients: Object.fromEntries(own) });
  }

  override stateDict(): StateDict {
    return { ...super.stateDict(), optimizers: this.kinds() };
  }

  override loadStateDict(state: StateDict): void {
    const kinds = this.kinds();
    const saved = 'optimizers' in state ? readState(state, 'optimizers', 'object') : kinds;
    for (const [name, kind] of Object.entries(kinds)) {
      if (saved[name] !== kind) throw otherOptimizer(name, saved[name], kind);
    }
    super.loadStateDict(state);
  }

  override dispose(): void {
    super.dispose();
    for (const optimizer of this.optimizers.values()) optimizer.dispose();
  }

  /** What each optimizer is registered as, where it is. */
  private kinds(): Record<string, StateValue> {
    const kinds = [...this.optimizers].map(([name, optimizer]) => [name, optimizer.stateDict()['optimizer'] ?? null]);
    return Object.fromEntries(kinds) as Record<string, StateValue>;
  }

  /** @throws StateError for options, saved ones, that name another optimizer. */
  private optimizerOf({ optimizerName }: Hyperparameters): Optimizer {
    const optimizer = this.optimizers.get(String(optimizerName));
    if (optimizer !== undefined) return optimizer;
    throw new StateError(
      'X_STATE_MISMATCH',
      `the saved optimizer state is of an optimizer named "${String(optimizerName)}", the optimizers here are ` +
        [...this.optimizers.keys()].join(', '),
    );
  }
}

function otherOptimizer(name: string, saved: StateValue | undefined, own: StateValue): StateError {
  return new StateError(
    'X_STATE_MISMATCH',
    `the saved state of "${name}" is that of ${saved === undefined ? 'no optimizer' : JSON.stringify(saved)}, here it is ` +
      JSON.stringify(own),
  );
}

function withoutParameters(name: string): ConfigProblem {
  return {
    code: 'X_CONFIG_INVALID',
    path: `optimizers.${name}`,
    message:
      'the optimizer did not receive any parameters; look whether a group of parameterGroups has the optimizerName ' +
      `"${name}" and its patterns find parameters, or remove the optimizer`,
  };
}

function refuse(problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new ConfigError(problems, 'the options of multi');
}
