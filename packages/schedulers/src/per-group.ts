import type { ConfigProblem, Lazy, ParameterGroup, StateDict, StateValue } from '@x/trainer-core';
import {
  ConfigError,
  inject,
  lazyComponent,
  LearningRateScheduler,
  Optimizer,
  pattern,
  readState,
  searchPattern,
  StateError,
  tokenOf,
} from '@x/trainer-core';
import { z } from 'zod';

export const PerGroupConfig = z.strictObject({
  schedulers: z
    .array(z.tuple([z.union([z.int().nonnegative(), z.array(pattern).min(1)]), lazyComponent(LearningRateScheduler)]))
    .min(1)
    .describe(
      'Pairs of groups and the schedule that they follow. Groups are the index of one, or regular expressions: the groups that ' +
        'hold a parameter whose name one of them finds',
    ),
});

export interface PerGroupOptions {
  readonly schedulers: readonly (readonly [
    groups: number | readonly string[],
    scheduler: Lazy<LearningRateScheduler>,
  ])[];
}

/**
 * Schedules that each apply to some of the optimizer's parameter groups. Groups that none applies to keep their learning rate.
 *
 * A schedule is built with an `Optimizer` that has its groups only.
 */
@LearningRateScheduler.register('per_group', PerGroupConfig)
export class PerGroup extends LearningRateScheduler {
  private readonly schedulers: readonly LearningRateScheduler[];

  /** @throws ConfigError (`X_SCHEDULER`) for a pair that chooses no group, and for groups that two pairs choose. */
  constructor({ schedulers }: PerGroupOptions, @inject(Optimizer) optimizer: Optimizer) {
    super();
    const chosen = chooseGroups(
      schedulers.map(([which]) => which),
      optimizer.groups,
    );
    this.schedulers = schedulers.map(([, scheduler], i) =>
      scheduler.construct([[tokenOf(Optimizer), withGroups(optimizer, chosen[i]!)]]),
    );
  }

  /** Steps every schedule, also those after one that refuses (a plateau without a metric): they do not depend on it. */
  override step(metric?: number | null): void {
    stepEach(this.schedulers, metric);
  }

  override stepBatch(batchNumTotal: number): void {
    for (const scheduler of this.schedulers) scheduler.stepBatch(batchNumTotal);
  }

  override stateDict(): StateDict {
    return { schedulers: this.schedulers.map((scheduler) => scheduler.stateDict()) };
  }

  override loadStateDict(state: StateDict): void {
    const saved = readState(state, 'schedulers', 'array');
    if (saved.length !== this.schedulers.length) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the saved state has ${saved.length} schedules of parameter groups, but ${this.schedulers.length} are configured`,
      );
    }
    const before = this.schedulers.map((scheduler) => scheduler.stateDict());
    try {
      loadEach(this.schedulers, saved);
    } catch (error) {
      loadEach(this.schedulers, before);
      throw error;
    }
  }
}

function stepEach([first, ...others]: readonly LearningRateScheduler[], metric: number | null | undefined): void {
  try {
    first!.step(metric);
  } finally {
    if (others.length > 0) stepEach(others, metric);
  }
}

function loadEach(schedulers: readonly LearningRateScheduler[], states: readonly StateValue[]): void {
  schedulers.forEach((scheduler, i) => {
    const key = `schedulers.${i}`;
    scheduler.loadStateDict(readState({ [key]: states[i]! }, key, 'object'));
  });
}

/** The optimizer as it is, but for its groups. */
function withGroups(optimizer: Optimizer, groups: readonly ParameterGroup[]): Optimizer {
  return Object.create(optimizer, { groups: { value: groups } }) as Optimizer;
}

function chooseGroups(
  choices: readonly (number | readonly string[])[],
  groups: readonly ParameterGroup[],
): readonly ParameterGroup[][] {
  const chosen = choices.map((which) => groups.filter((group, i) => isChosen(group, i, which)));
  const problems = chosen.flatMap((own, i): ConfigProblem[] => {
    const problem = (message: string): ConfigProblem => ({ code: 'X_SCHEDULER', path: `schedulers.${i}.0`, message });
    const received = `received ${JSON.stringify(choices[i])}`;
    if (own.length === 0) {
      return [problem(`${received}, which chooses none of the ${groups.length} parameter groups; ${describe(groups)}`)];
    }
    const earlier = chosen.slice(0, i).flat();
    const twice = own.filter((group) => earlier.includes(group)).map((group) => groups.indexOf(group));
    return twice.length === 0
      ? []
      : [problem(`${received}, but a pair before it chooses group ${twice.join(', ')} too`)];
  });
  if (problems.length > 0) throw new ConfigError(problems, 'the options of PerGroup');
  return chosen;
}

function isChosen({ parameters }: ParameterGroup, index: number, which: number | readonly string[]): boolean {
  if (typeof which === 'number') return which === index;
  return which.map(searchPattern).some((regex) => parameters.some(({ name }) => regex.test(name)));
}

function describe(groups: readonly ParameterGroup[]): string {
  return groups.map(({ parameters }, i) => `${i}: ${parameters.map(({ name }) => name).join(', ')}`).join('; ');
}
