import { ConfigError } from '@x/trainer-core';
import type { Hyperparameters, Optimizer } from '@x/trainer-core';

/** How one hyperparameter is kept in the options of a group. */
interface Place {
  /** Its value, or undefined where the options have none. */
  read(options: Hyperparameters): number | undefined;
  write(options: Hyperparameters, value: number): void;
}

/**
 * One hyperparameter in every parameter group of an optimizer. Each group keeps the value it had at first under
 * `initialKey` in its options, as torch keeps `initial_lr`: it is saved and restored with the optimizer.
 */
export class GroupField {
  /** @throws ConfigError (`X_SCHEDULER`) listing the groups that have no such hyperparameter. */
  constructor(
    private readonly optimizer: Optimizer,
    private readonly initialKey: string,
    private readonly place: Place,
    /** For messages: what a group must have. */
    expected: string,
  ) {
    const problems = optimizer.groups.flatMap(({ options }, i) =>
      place.read(options) === undefined ? [{ i, received: JSON.stringify(options) }] : [],
    );
    if (problems.length > 0) {
      throw new ConfigError(
        problems.map(({ i, received }) => ({
          code: 'X_SCHEDULER',
          path: `groups[${i}]`,
          message: `the scheduler needs ${expected}; received the options ${received}; choose another optimizer or scheduler`,
        })),
        "the optimizer's parameter groups",
      );
    }
    for (const { options } of optimizer.groups) this.initialOf(options);
  }

  /** Writes into every group what `value` makes of the group's initial value and position. */
  set(value: (initial: number, group: number) => number): void {
    this.optimizer.groups.forEach(({ options }, i) => this.place.write(options, value(this.initialOf(options), i)));
  }

  /** Writes into every group what `value` makes of the group's present value and position. */
  change(value: (current: number, group: number) => number): void {
    this.optimizer.groups.forEach(({ options }, i) => this.place.write(options, value(this.place.read(options)!, i)));
  }

  /** Makes the present value of every group its initial one. */
  rebase(): void {
    for (const { options } of this.optimizer.groups) options[this.initialKey] = this.place.read(options);
  }

  /** An optimizer state that was saved without a scheduler has no initial value: there it is the restored one. */
  private initialOf(options: Hyperparameters): number {
    const saved = options[this.initialKey];
    if (typeof saved === 'number') return saved;
    const current = this.place.read(options)!;
    options[this.initialKey] = current;
    return current;
  }
}

/** The option `lr`; what it was at first is `initialLr`. */
export function learningRates(optimizer: Optimizer): GroupField {
  return new GroupField(optimizer, 'initialLr', numberAt('lr'), 'a learning rate `lr`');
}

/**
 * The option `momentum` where a group has one (SGD, RMSprop), else the first of its `betas` (Adam and its relatives);
 * what it was at first is `initialMomentum`.
 */
export function momenta(optimizer: Optimizer): GroupField {
  const placeIn = (options: Hyperparameters): Place => (momentum.read(options) === undefined ? firstBeta : momentum);
  const place: Place = {
    read: (options) => placeIn(options).read(options),
    write: (options, value) => placeIn(options).write(options, value),
  };
  return new GroupField(optimizer, 'initialMomentum', place, 'a `momentum` or `betas`');
}

function numberAt(key: string): Place {
  return {
    read: ({ [key]: value }) => (typeof value === 'number' ? value : undefined),
    write: (options, value) => void (options[key] = value),
  };
}

const momentum = numberAt('momentum');

/** Replaces the whole array: groups may share one. */
const firstBeta: Place = {
  read: ({ betas }) => (Array.isArray(betas) && typeof betas[0] === 'number' ? betas[0] : undefined),
  write: (options, value) => void (options['betas'] = [value, ...(options['betas'] as readonly number[]).slice(1)]),
};
