import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type {
  LearningRateScheduler,
  MomentumScheduler,
  Optimizer,
  StateDict,
  StateValue,
  ParameterSet,
} from '@x/trainer-core';
import { cloneState, disposeState, StateError } from '@x/trainer-core';

import { ConvexProblem } from './convex-problem.js';
import { MomentumDescent } from './momentum-descent.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

type AnyScheduler = LearningRateScheduler | MomentumScheduler;

/** A scheduler to be tested. */
export interface SchedulerSubject<S extends AnyScheduler> {
  readonly name: string;
  /** Makes one for a training of 6 epochs of 4 steps. */
  readonly make: (optimizer: Optimizer) => S;
  /**
   * The optimizer that is scheduled, for the parameters `weight`, `bias` and `unused`. Default: momentum 0.9, with
   * learning rate 0.1 for `weight` and 0.2 for the others.
   */
  readonly optimizer?: (parameters: ParameterSet) => Optimizer;
  /** The validation metric of each epoch. Default: one that gets better, stays, and gets worse. */
  readonly metrics?: readonly number[];
  /** Options that it sets besides those of its kind. Default: none. */
  readonly alsoSets?: readonly string[];
}

const NUM_EPOCHS = 6;
const STEPS_PER_EPOCH = 4;
const METRICS: readonly number[] = [1, 0.5, 0.5, 0.5, 0.6, 0.4];

const twoGroups = (parameters: ParameterSet): Optimizer =>
  new MomentumDescent({ lr: 0.2, momentum: 0.9, parameterGroups: [[['weight'], { lr: 0.1 }]] }, parameters);

/** What every learning rate scheduler must do: set `lr`, by a rule that depends on nothing but the run so far. */
export function learningRateSchedulerContract(
  runner: TestRunner,
  subject: SchedulerSubject<LearningRateScheduler>,
): void {
  schedulerContract(runner, subject, 'learning rate scheduler', ['lr', ...(subject.alsoSets ?? [])]);
}

/** What every momentum scheduler must do: set `momentum` or the first of `betas`, as a learning rate scheduler does. */
export function momentumSchedulerContract(runner: TestRunner, subject: SchedulerSubject<MomentumScheduler>): void {
  schedulerContract(runner, subject, 'momentum scheduler', ['momentum', 'betas', ...(subject.alsoSets ?? [])]);
}

function schedulerContract(
  runner: TestRunner,
  { name, make, optimizer: makeOptimizer = twoGroups, metrics = METRICS }: SchedulerSubject<AnyScheduler>,
  kind: string,
  scheduled: readonly string[],
): void {
  const { describe, it } = leakFree(runner);

  async function withRuns(count: number, run: (...runs: ScheduledRun[]) => Promise<void>): Promise<void> {
    const runs = Array.from({ length: count }, () => new ScheduledRun(makeOptimizer, make, metrics));
    try {
      await run(...runs);
    } finally {
      for (const each of runs) each.dispose();
    }
  }

  describe(`${name}: ${kind}`, () => {
    it('does the same in every run', () =>
      withRuns(2, async (one, other) => {
        assert.deepEqual(one.goOn(EVENTS), other.goOn(EVENTS));
      }));

    it('sets finite numbers, and no option but its own', () =>
      withRuns(1, async (run) => {
        const before = run.options();
        for (const seen of run.goOn(EVENTS)) {
          seen.groups.forEach((options, i) => {
            for (const [key, value] of Object.entries(options)) {
              if (!scheduled.includes(key)) assert.deepEqual(value, before[i]![key], `the option "${key}"`);
              else if (value !== null)
                assert.ok([value].flat().every(Number.isFinite), `"${key}" is ${inspect(value)}`);
            }
          });
        }
      }));

    it('goes on from a saved state, at any step, as if it had not been interrupted', () =>
      withRuns(1, async (whole) => {
        const expected = whole.goOn(EVENTS);
        for (let cut = 1; cut < EVENTS.length; cut++) {
          await withRuns(2, async (first, second) => {
            first.goOn(EVENTS.slice(0, cut));
            await second.resume(first);
            assert.deepEqual(second.look(), expected[cut - 1], `after ${cut} events and a resume`);
            assert.deepEqual(second.goOn(EVENTS.slice(cut)), expected.slice(cut), `resumed after ${cut} events`);
          });
        }
      }));

    it('has a stepBatch that is a function of its number: asked again, it answers the same', () =>
      withRuns(2, async (once, again) => {
        for (let epoch = 0; epoch < NUM_EPOCHS; epoch++) {
          const numbers = Array.from({ length: STEPS_PER_EPOCH }, (_, i) => epoch * STEPS_PER_EPOCH + i + 1);
          const expected = once.goOn(numbers.map((step) => ({ step })));
          assert.deepEqual(again.goOn(numbers.map((step) => ({ step }))), expected);
          const backwards = again.goOn(numbers.toReversed().map((step) => ({ step })));
          assert.deepEqual(backwards, expected.toReversed(), `the steps of epoch ${epoch} backwards`);
          const last = [{ step: numbers.at(-1)! }, { epoch }];
          assert.deepEqual(again.goOn(last).at(-1), once.goOn([{ epoch }]).at(-1), `the end of epoch ${epoch}`);
        }
      }));

    it('takes a state without its entries as it is, or refuses it with a StateError and is as it was', () =>
      withRuns(1, async (run) => {
        run.goOn(EVENTS.slice(0, 7));
        const before = await toHost(run.scheduler.stateDict());
        try {
          run.scheduler.loadStateDict({});
        } catch (error) {
          assert.ok(error instanceof StateError, `expected a StateError, received ${String(error)}`);
          assert.deepEqual(await toHost(run.scheduler.stateDict()), before);
        }
      }));
  });
}

type Event = { readonly step: number } | { readonly epoch: number };

/** What happens to a scheduler in a training: before every step, and after every epoch. */
const EVENTS: readonly Event[] = Array.from({ length: NUM_EPOCHS }, (_, epoch) => [
  ...Array.from({ length: STEPS_PER_EPOCH }, (_, i) => ({ step: epoch * STEPS_PER_EPOCH + i + 1 })),
  { epoch },
]).flat();

/** What of a run a scheduler decides: the options of the groups, and which parameters are trained. */
interface Sight {
  readonly groups: readonly StateDict[];
  readonly trainable: readonly string[];
}

class ScheduledRun {
  readonly optimizer: Optimizer;
  readonly scheduler: AnyScheduler;
  private readonly problem = new ConvexProblem();

  constructor(
    makeOptimizer: (parameters: ParameterSet) => Optimizer,
    make: (optimizer: Optimizer) => AnyScheduler,
    private readonly metrics: readonly number[],
  ) {
    this.optimizer = makeOptimizer(this.problem.parameters);
    this.scheduler = make(this.optimizer);
  }

  goOn(events: readonly Event[]): Sight[] {
    return events.map((event) => {
      if ('step' in event) this.scheduler.stepBatch(event.step);
      else this.scheduler.step(this.metrics[event.epoch % this.metrics.length]);
      return this.look();
    });
  }

  look(): Sight {
    return { groups: this.options(), trainable: this.problem.parameters.trainable().names };
  }

  options(): StateDict[] {
    return this.optimizer.groups.map(({ options }) => structuredClone(options) as Record<string, StateValue>);
  }

  /** The optimizer is restored before the scheduler, as a trainer does it. */
  async resume(saved: ScheduledRun): Promise<void> {
    const [optimizer, scheduler] = [saved.optimizer, saved.scheduler].map((part) => cloneState(part.stateDict()));
    this.optimizer.loadStateDict(optimizer!);
    this.scheduler.loadStateDict(scheduler!);
    disposeState(optimizer!);
    disposeState(scheduler!);
  }

  dispose(): void {
    this.optimizer.dispose();
    this.problem.dispose();
  }
}
