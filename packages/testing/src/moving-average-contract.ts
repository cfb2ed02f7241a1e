import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type { MovingAverage, ParameterSet, StateDict } from '@x/trainer-core';
import { cloneState, disposeState, mapTensors, StateError } from '@x/trainer-core';

import { ConvexProblem } from './convex-problem.js';
import type { HostTensor, HostValue } from './host-values.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

/** A moving average to be tested. */
export interface MovingAverageSubject {
  readonly name: string;
  /** Makes one of the parameters `weight` [2, 3], `bias` [3] and `unused` [2]. */
  readonly make: (parameters: ParameterSet) => MovingAverage;
}

/** What every moving average must do: follow the weights, take their place and give it back, save and load exactly. */
export function movingAverageContract(runner: TestRunner, { name, make }: MovingAverageSubject): void {
  const { describe, it } = leakFree(runner);

  async function withRuns(count: number, run: (...runs: AveragedRun[]) => Promise<void>): Promise<void> {
    const runs = Array.from({ length: count }, () => new AveragedRun(make));
    try {
      await run(...runs);
    } finally {
      for (const each of runs) each.dispose();
    }
  }

  describe(`${name}: moving average`, () => {
    it('starts as a copy of the parameters', () =>
      withRuns(1, async (run) => {
        assert.deepEqual(await run.averages(), await run.problem.values());
      }));

    it('averages only the parameters that are trainable when it is made', async () => {
      const problem = new ConvexProblem();
      problem.parameters.freeze(['bias']);
      const average = make(problem.parameters);
      assert.deepEqual([...average.shadows.keys()], ['weight', 'unused']);
      average.dispose();
      problem.dispose();
    });

    it('changes averages, not parameters, and comes between what was and what is', () =>
      withRuns(1, async (run) => {
        run.fill(2);
        const parameters = await run.problem.values();
        run.average.apply(1);
        assert.deepEqual(await run.problem.values(), parameters);
        const [value] = ((await run.averages()) as Record<string, HostTensor>)['weight']!.data as Float32Array;
        assert.ok(value! >= 0 && value! <= 2, `between 0 and 2, received ${value}`);
      }));

    it('stays where the parameters stay', () =>
      withRuns(1, async (run) => {
        for (let step = 1; step <= 20; step++) run.average.apply(step);
        assert.deepEqual(await run.averages(), await run.problem.values());
      }));

    it('takes the place of the parameters, and gives it back bit for bit', () =>
      withRuns(1, async (run) => {
        run.train(3);
        const [raw, averages] = [await run.problem.values(), await run.averages()];
        run.average.assignAverageValue();
        assert.deepEqual(await run.problem.values(), averages);
        run.average.restore();
        assert.deepEqual(await run.problem.values(), raw);
        assert.deepEqual(await run.averages(), averages);
      }));

    it('goes on from a saved state bit for bit', () =>
      withRuns(2, async (saved, loaded) => {
        saved.train(3);
        const state = cloneState(saved.average.stateDict());
        loaded.problem.copy(saved.problem);
        loaded.average.loadStateDict(state);
        disposeState(state);
        saved.train(3, 3);
        loaded.train(3, 3);
        assert.deepEqual(await loaded.averages(), await saved.averages());
      }));

    it('refuses a state without its entries or of other shapes with a StateError, and is as it was', () =>
      withRuns(1, async (run) => {
        run.train(2);
        const before = await toHost(run.average.stateDict());
        const misshapen = mapTensors(run.average.stateDict(), () => tf.zeros([7])) as StateDict;
        for (const state of [{}, misshapen]) {
          assert.throws(() => run.average.loadStateDict(state), StateError);
          assert.deepEqual(await toHost(run.average.stateDict()), before);
        }
        disposeState(misshapen);
      }));
  });
}

/** Parameters that move, and their average. */
class AveragedRun {
  readonly problem = new ConvexProblem();
  readonly average: MovingAverage;

  constructor(make: (parameters: ParameterSet) => MovingAverage) {
    this.average = make(this.problem.parameters);
  }

  /** Steps, numbered from `after` + 1 on, in which all parameters move. */
  train(steps: number, after = 0): void {
    for (let step = after + 1; step <= after + steps; step++) {
      this.fill(step / 3);
      this.average.apply(step);
    }
  }

  fill(value: number): void {
    for (const { variable } of this.problem.parameters) tf.tidy(() => variable.assign(tf.fill(variable.shape, value)));
  }

  averages(): Promise<HostValue> {
    return toHost(Object.fromEntries(this.average.shadows));
  }

  dispose(): void {
    this.average.dispose();
    this.problem.dispose();
  }
}
