import '@tensorflow/tfjs';
import type { Optimizer, StateDict } from '@x/trainer-core';
import { LearningRateScheduler, MomentumScheduler, readState } from '@x/trainer-core';

import { contractReport, learningRateSchedulerContract, momentumSchedulerContract } from './index.js';

/** Halves the learning rates after every epoch that was no better than the best one, and warms up in the first three steps. */
class HalvingOnPlateau extends LearningRateScheduler {
  protected best = Infinity;
  protected factor = 1;
  protected readonly initial: readonly number[];

  constructor(protected readonly optimizer: Optimizer) {
    super();
    this.initial = optimizer.groups.map(({ options }) => Number(options['lr']));
  }

  override step(metric?: number | null): void {
    if ((metric ?? 0) >= this.best) this.factor /= 2;
    else this.best = metric ?? 0;
    this.set(this.factor);
  }

  override stepBatch(batchNumTotal: number): void {
    this.set(this.factor * Math.min(1, batchNumTotal / 3));
  }

  override stateDict(): StateDict {
    return { best: this.best, factor: this.factor };
  }

  override loadStateDict(state: StateDict): void {
    const [best, factor] = [readState(state, 'best', 'number'), readState(state, 'factor', 'number')];
    Object.assign(this, { best, factor });
  }

  protected set(factor: number): void {
    this.optimizer.groups.forEach(({ options }, i) => (options['lr'] = this.initial[i]! * factor));
  }
}

/** Lowers the momentum step by step. */
class Easing extends MomentumScheduler {
  constructor(private readonly optimizer: Optimizer) {
    super();
  }

  override step(): void {}

  override stepBatch(batchNumTotal: number): void {
    for (const { options } of this.optimizer.groups) options['momentum'] = 0.9 / batchNumTotal;
  }

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {}
}

learningRateSchedulerContract(
  { describe, it },
  { name: 'HalvingOnPlateau', make: (optimizer) => new HalvingOnPlateau(optimizer) },
);
momentumSchedulerContract({ describe, it }, { name: 'Easing', make: (optimizer) => new Easing(optimizer) });

class Forgetful extends HalvingOnPlateau {
  override loadStateDict(): void {}
}

class Counting extends HalvingOnPlateau {
  private asked = 0;

  override stepBatch(): void {
    super.stepBatch((this.asked += 1));
  }
}

class Meddling extends HalvingOnPlateau {
  override step(metric?: number | null): void {
    super.step(metric);
    for (const { options } of this.optimizer.groups) options['momentum'] = 0;
  }
}

class Diverging extends HalvingOnPlateau {
  override step(): void {
    this.set(Number.NaN);
  }
}

class HalfLoaded extends HalvingOnPlateau {
  override loadStateDict(state: StateDict): void {
    this.best = 0;
    super.loadStateDict(state);
  }
}

let runs = 0;
class Moody extends HalvingOnPlateau {
  private readonly mood = (runs += 1);

  override step(): void {
    this.set(1 / this.mood);
  }
}

it.each([
  [Forgetful, 'goes on from a saved state, at any step, as if it had not been interrupted'],
  [Counting, 'has a stepBatch that is a function of its number: asked again, it answers the same'],
  [Meddling, 'sets finite numbers, and no option but its own'],
  [Diverging, 'sets finite numbers, and no option but its own'],
  [HalfLoaded, 'takes a state without its entries as it is, or refuses it with a StateError and is as it was'],
  [Moody, 'does the same in every run'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    learningRateSchedulerContract(runner, { name: 'broken', make: (optimizer) => new Broken(optimizer) }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
