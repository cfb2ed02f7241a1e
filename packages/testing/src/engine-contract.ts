import assert from 'node:assert/strict';
import * as tf from '@tensorflow/tfjs-core';
import type {
  Batch,
  Engine,
  EngineDescription,
  Outputs,
  Program,
  ProgramInputs,
  ProgramState,
  RunRequest,
  RunResult,
} from '@x/trainer-core';
import { disposeBatch, dropout, EagerEngine, NamedState, randomNormal, randomUniform } from '@x/trainer-core';

import type { HostValue } from './host-values.js';
import { toHost } from './host-values.js';
import { leakFree } from './runner.js';
import type { TestRunner } from './runner.js';

/** An engine to be tested. */
export interface EngineSubject {
  readonly name: string;
  readonly make: () => Engine;
}

/** The rules that the contract of `Engine` fixes, one case each. Import tfjs with its gradients first. */
export function engineContract(runner: TestRunner, { name, make }: EngineSubject): void {
  const { describe, it } = leakFree(runner);

  async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
    const engine = make();
    await engine.prepare();
    const bench = new Bench(engine);
    try {
      await use(bench);
    } finally {
      bench.dispose();
      await engine.dispose();
    }
  }

  describe(`${name}: engine`, () => {
    it('can be asked whether it is usable, and what it found', async () => {
      const engine = make();
      const { usable, reason, advice } = await engine.probe();
      assert.equal(typeof usable, 'boolean');
      assert.ok(reason.length > 0, 'a probe has a reason');
      assert.ok(usable ? advice === undefined : true, 'what is usable needs no advice');
      assert.equal((await engine.probe()).usable, usable);
      await engine.dispose();
    });

    it('can be prepared again', async () => {
      const engine = make();
      await engine.prepare();
      await engine.prepare();
      await engine.dispose();
    });

    it('can be freed again, and without having been prepared', async () => {
      const unused = make();
      await unused.dispose();
      const engine = make();
      await engine.prepare();
      await engine.dispose();
      await engine.dispose();
    });

    it('describes itself in plain data, the same way each time', async () => {
      const describe = async (): Promise<EngineDescription> => {
        const engine = make();
        await engine.prepare();
        const described = engine.describe();
        await engine.dispose();
        return described;
      };
      const description = await describe();
      assert.ok(description.name.length > 0, 'a description has a name');
      assert.ok(description.version.length > 0, 'a description has a version');
      assert.deepEqual(JSON.parse(JSON.stringify(description)), description);
      assert.deepEqual(await describe(), description);
    });

    it('is described after a run as before it', () =>
      withBench(async (bench) => {
        const before = bench.engine.describe();
        await bench.run(scatter(() => ({ guard: tf.scalar(1) })));
        assert.deepEqual(bench.engine.describe(), before);
      }));

    it('hands the state that its choices follow to a new engine', () =>
      withBench(async (bench) => {
        await bench.run(scatter(() => ({ guard: tf.scalar(1) })));
        const saved = await toHost(bench.engine.stateDict());
        const engine = make();
        await engine.prepare();
        engine.loadStateDict(bench.engine.stateDict());
        assert.deepEqual(await toHost(engine.stateDict()), saved);
        await engine.dispose();
      }));

    it('runs on the CPU, and reports memory and live tensors', () =>
      withBench(async ({ engine }) => {
        assert.equal(engine.supportsDevice(-1), true);
        const before = engine.memory();
        assert.ok(before.hostBytes > 0);
        for (const bytes of Object.values(before.deviceBytes)) assert.ok(bytes >= 0);
        const made = tf.tidy(() => tf.keep(tf.scalar(1)));
        assert.equal(engine.memory().tensors, before.tensors + 1);
        made.dispose();
      }));

    it('commits all writes together: variables, temporaries, removals', () =>
      withBench(async (bench) => {
        const { committed, written } = await bench.run(scatter(() => ({})));
        assert.equal(committed, true);
        assert.deepEqual(written, new Set(['parameters/w', 'averages/w', 'gradients/w', 'gradients/old']));
        const state = { w: bench.w, average: bench.average, gradient: bench.state.get('gradients/w')! };
        assert.deepEqual(await numbersOf(state), { w: [11, 12], average: [-5, -6], gradient: [1, 2] });
        assert.equal(bench.state.get('gradients/old'), undefined);
      }));

    it('shows a program its own writes, and nobody else', () =>
      withBench(async (bench) => {
        const { outputs } = await bench.run(
          program('reads what it writes', (_, state) => {
            state.write('parameters/w', tf.add(state.read('parameters/w')!, 1));
            state.write('gradients/w', state.read('parameters/w')!);
            state.write('gradients/old', null);
            return {
              own: state.read('gradients/w')!,
              outside: bench.w,
              removed: tf.scalar(state.read('gradients/old') === undefined ? 1 : 0),
            };
          }),
        );
        assert.deepEqual(outputs, { own: [2, 3], outside: [1, 2], removed: 1 });
      }));

    const guards: readonly [guard: number, rule: 'always' | 'finite' | 'not-nan', committed: boolean][] = [
      [1, 'finite', true],
      [Infinity, 'finite', false],
      [Number.NaN, 'finite', false],
      [1, 'not-nan', true],
      [-Infinity, 'not-nan', true],
      [Number.NaN, 'not-nan', false],
      [Number.NaN, 'always', true],
    ];
    for (const [guard, commitIf, committed] of guards) {
      it(`${committed ? 'commits' : 'leaves the state as it was'} with the guard ${guard} under "${commitIf}"`, () =>
        withBench(async (bench) => {
          const before = await bench.seen();
          const request = { numbers: { guard }, commitIf };
          const result = await bench.run(
            scatter(({ numbers }) => ({ guard: numbers['guard']! })),
            request,
          );
          assert.equal(result.committed, committed);
          assert.deepEqual(result.outputs, { guard });
          const after = await bench.seen();
          if (committed) assert.notDeepEqual(after, before);
          else assert.deepEqual(after, before);
        }));
    }

    it('asks every guard', () =>
      withBench(async (bench) => {
        const before = await bench.seen();
        const two = scatter(() => ({ guard: tf.scalar(1), second: tf.tensor1d([1, Number.NaN]) }), ['guard', 'second']);
        assert.equal((await bench.run(two, { commitIf: 'finite' })).committed, false);
        assert.deepEqual(await bench.seen(), before);
      }));

    it('leaves the state as it was when a program throws in the middle', () =>
      withBench(async (bench) => {
        const before = await bench.seen();
        for (const parameters of ['raw', 'averaged'] as const) {
          const failing = scatter(() => {
            throw new RangeError('in the middle');
          });
          await assert.rejects(bench.run(failing, { parameters }), /in the middle/);
          assert.deepEqual(await bench.seen(), before);
        }
      }));

    it('leaves the state as it was when a program writes what a variable cannot hold', () =>
      withBench(async (bench) => {
        const before = await bench.seen();
        for (const misfit of [(): tf.Tensor => tf.tensor1d([1, 2]), (): tf.Tensor => tf.scalar(1, 'int32')]) {
          const writing = program('writes what does not fit', (_, state) => {
            state.write('parameters/w', tf.add(state.read('parameters/w')!, 10));
            state.write('gradients/old', null);
            state.write('parameters/v', misfit());
            return {};
          });
          await assert.rejects(bench.run(writing));
          assert.deepEqual(await bench.seen(), before);
        }
      }));

    it('takes numbers as inputs: one program, other numbers, other results', () =>
      withBench(async (bench) => {
        const twice = program('twice', ({ numbers }) => ({ twice: tf.mul(numbers['x']!, 2) }));
        for (const x of [1, 2.5, -3, 1]) {
          assert.deepEqual((await bench.run(twice, { numbers: { x, unused: 2 } })).outputs, { twice: 2 * x });
        }
      }));

    it('takes batches of other shapes and types, and static fields that choose what is computed', () =>
      withBench(async (bench) => {
        const total = program('total', ({ batch }) => {
          const x = tf.cast(batch['x'] as tf.Tensor, 'float32');
          return { total: batch['squared'] === true ? tf.sum(tf.square(x)) : tf.sum(x) };
        });
        const totalOf = (batch: Batch): Promise<unknown> => bench.withBatch(batch, total);
        assert.deepEqual(await totalOf({ x: tf.tensor1d([1, 2, 3]), squared: false }), { total: 6 });
        assert.deepEqual(await totalOf({ x: tf.tensor1d([1, 2, 3]), squared: true }), { total: 14 });
        assert.deepEqual(await totalOf({ x: tf.tensor2d([[1, 2]]), squared: false }), { total: 3 });
        assert.deepEqual(await totalOf({ x: tf.tensor1d([4, 5], 'int32'), squared: false }), { total: 9 });
        assert.deepEqual(await totalOf({ x: tf.tensor1d([1, 2, 3]), squared: false }), { total: 6 });
      }));

    it('leaves the batch to the caller', () =>
      withBench(async (bench) => {
        const batch = { x: tf.tensor1d([1, 2]), more: [{ y: tf.scalar(3) }] };
        const before = await toHost(batch);
        const sum = program('sum', ({ batch: { x } }) => ({ sum: tf.sum(x as tf.Tensor), x: x as tf.Tensor }));
        await bench.run(sum, { batch });
        assert.deepEqual(await toHost(batch), before);
        disposeBatch(batch);
      }));

    it('gives outputs that are the caller’s: they stay when the state changes, and the state stays without them', () =>
      withBench(async (bench) => {
        const show = program('show', (_, state) => ({
          w: state.read('parameters/w')!,
          old: state.read('gradients/old')!,
        }));
        const { outputs } = await bench.engine.run(show, bench.state);
        tf.tidy(() => bench.state.set('parameters/w', tf.tensor1d([7, 8])));
        tf.tidy(() => bench.state.set('gradients/old', tf.tensor1d([9, 9])));
        assert.deepEqual(await numbersOf(outputs), { w: [1, 2], old: [3, 4] });
        tf.dispose(outputs);
        assert.deepEqual((await bench.run(show)).outputs, { w: [7, 8], old: [9, 9] });
      }));

    it('has temporaries as one vector that changes them, or apart', () =>
      withBench(async (bench) => {
        const write = program('gradients', (_, state) => {
          state.write('gradients/w', tf.add(state.read('gradients/w') ?? tf.zeros([2]), [1, 2]));
          state.write('gradients/v', tf.add(state.read('gradients/v') ?? tf.scalar(0), 3));
          return {};
        });
        const gradients = async (): Promise<Numbers> =>
          numbersOf({ w: bench.state.get('gradients/w')!, v: bench.state.get('gradients/v')! });
        for (const times of [1, 2, 3]) {
          await bench.run(write);
          const vector = bench.engine.vectorOf(bench.state, ['gradients/w', 'gradients/v']);
          if (vector === null) return;
          assert.deepEqual([...vector.subarray(0, 2)], [times, 2 * times]);
          assert.deepEqual(await gradients(), { w: [times, 2 * times], v: 3 * times });
        }
        const doubled = bench.engine.vectorOf(bench.state, ['gradients/w', 'gradients/v'])!;
        for (const [i, element] of doubled.entries()) doubled[i] = 2 * element;
        assert.deepEqual(await gradients(), { w: [6, 12], v: 18 });
        assert.equal(bench.engine.vectorOf(bench.state, ['gradients/w', 'gradients/absent']), null);
      }));

    it('binds averages in place of parameters for one run, and puts the raw ones back', () =>
      withBench(async (bench) => {
        const look = program('look', (_, state) => ({
          named: state.read('parameters/w')!,
          held: bench.w,
          other: bench.v,
        }));
        const raw = { named: [1, 2], held: [1, 2], other: 5 };
        assert.deepEqual((await bench.run(look)).outputs, raw);
        assert.deepEqual((await bench.run(look, { parameters: 'averaged' })).outputs, {
          named: [-1, -2],
          held: [-1, -2],
          other: 5,
        });
        assert.deepEqual((await bench.run(look)).outputs, raw);
      }));

    it('puts the raw parameters back after an error', () =>
      withBench(async (bench) => {
        const before = await bench.seen();
        const failing = program('fails', () => ({ sum: tf.add(bench.w, tf.zeros([3])) }));
        await assert.rejects(bench.run(failing, { parameters: 'averaged' }));
        assert.deepEqual(await bench.seen(), before);
      }));

    it('differentiates', () =>
      withBench(async (bench) => {
        const descend = program('descend', (_, state) => {
          const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.square(bench.w)), [bench.w]);
          state.write('gradients/w', grads[bench.w.name]!);
          return { loss: value };
        });
        assert.deepEqual((await bench.run(descend)).outputs, { loss: 5 });
        assert.deepEqual(await numbersOf({ w: bench.state.get('gradients/w')! }), { w: [2, 4] });
      }));

    it('runs programs one after another as it runs them in one, bit for bit', async () => {
      const steps = [
        program('gradients', ({ numbers }, state) => {
          const w = state.read('parameters/w')!;
          const gradient = tf.mul(tf.sub(tf.tanh(w), tf.div(w, numbers['divisor']!)), randomUniform(w.shape));
          state.write('gradients/w', gradient);
          return { loss: tf.sum(tf.exp(gradient)) };
        }),
        program('rescale', (_, state) => {
          const gradient = state.read('gradients/w')!;
          const norm = tf.sqrt(tf.sum(tf.square(gradient)));
          state.write('gradients/w', tf.div(gradient, tf.add(norm, 1e-6)));
          return { norm };
        }),
        program('update', ({ numbers }, state) => {
          const step = tf.mul(state.read('gradients/w')!, numbers['lr']!);
          state.write('parameters/w', tf.sub(state.read('parameters/w')!, step));
          state.write('gradients/w', null);
          return {};
        }),
      ];
      const request = { numbers: { divisor: 3, lr: 0.1 }, random: { seed: 1, step: 1, microBatch: 0 } };
      const results: unknown[] = [];
      for (const programs of [steps, [composed(steps)]]) {
        await withBench(async (bench) => {
          const outputs: Record<string, unknown> = {};
          for (const each of programs) Object.assign(outputs, (await bench.run(each, request)).outputs);
          results.push([outputs, await bench.seen()]);
        });
      }
      assert.deepEqual(results[1], results[0]);
    });

    it('has the same bits for the same random key, and others for another', () =>
      withBench(async (bench) => {
        const draw = program('draw', () => ({
          uniform: randomUniform([5]),
          again: randomUniform([5]),
          normal: randomNormal([5]),
          dropped: dropout(tf.ones([20]), 0.5),
        }));
        const drawn = async (
          seed: number,
          step: number,
          microBatch: number,
        ): Promise<Readonly<Record<string, unknown>>> =>
          (await bench.run(draw, { random: { seed, step, microBatch } })).outputs;
        const first = await drawn(0, 1, 0);
        assert.notDeepEqual(first['uniform'], first['again']);
        for (const [seed, step, microBatch] of [
          [1, 1, 0],
          [0, 2, 0],
          [0, 1, 1],
        ] as const) {
          const other = await drawn(seed, step, microBatch);
          for (const [key, value] of Object.entries(other)) assert.notDeepEqual(value, first[key], key);
        }
        assert.deepEqual(await drawn(0, 1, 0), first);
      }));

    it('draws the numbers that every engine draws', async () => {
      const draw = program('draw', () => ({ first: randomUniform([7]), second: randomUniform([2, 3]) }));
      const request: RunRequest = { random: { seed: 13370, step: 3, microBatch: 1 } };
      const drawn: unknown[] = [];
      await withBench(async (bench) => void drawn.push((await bench.run(draw, request)).outputs));
      const eager = new Bench(new EagerEngine());
      drawn.push((await eager.run(draw, request)).outputs);
      eager.dispose();
      assert.deepEqual(drawn[0], drawn[1]);
    });

    it('keeps nothing of a run, a skipped run or a failed one', () =>
      withBench(async (bench) => {
        const runs: readonly (() => Promise<unknown>)[] = [
          () => bench.run(scatter(() => ({ guard: tf.scalar(1), more: tf.ones([3]) }))),
          () =>
            bench.run(
              scatter(() => ({ guard: tf.scalar(Number.NaN) })),
              { commitIf: 'finite' },
            ),
          () => bench.run(scatter(() => ({ sum: tf.add(tf.ones([2]), tf.ones([3])) }))).catch(() => undefined),
        ];
        for (const run of runs) await run();
        const before = tf.memory().numTensors;
        for (const run of runs) await run();
        assert.equal(tf.memory().numTensors, before);
      }));
  });
}

function program(
  name: string,
  run: (inputs: ProgramInputs, state: ProgramState) => Outputs,
  guards: readonly string[] = [],
): Program {
  return { name, key: '', guards, run };
}

/** Writes a bit of everything, and then computes its outputs. */
function scatter(outputs: (inputs: ProgramInputs) => Outputs, guards: readonly string[] = ['guard']): Program {
  return program(
    'scatter',
    (inputs, state) => {
      state.write('parameters/w', tf.add(state.read('parameters/w')!, 10));
      state.write('averages/w', tf.tensor1d([-5, -6]));
      state.write('gradients/w', tf.tensor1d([1, 2]));
      state.write('gradients/old', null);
      return outputs(inputs);
    },
    guards,
  );
}

function composed(programs: readonly Program[]): Program {
  return program('composed', (inputs, state) =>
    Object.fromEntries(programs.flatMap((each) => Object.entries(each.run(inputs, state)))),
  );
}

type Numbers = Readonly<Record<string, unknown>>;

async function numbersOf(tensors: Readonly<Outputs>): Promise<Numbers> {
  const entries = Object.entries(tensors).map(async ([name, tensor]) => [name, await tensor.array()] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** An engine with some state: `w` [1, 2], whose average is [-1, -2], `v` 5, without one, and a gradient [3, 4]. */
class Bench {
  readonly state = new NamedState();
  readonly w: tf.Variable = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
  readonly v: tf.Variable = tf.tidy(() => tf.variable(tf.scalar(5)));
  readonly average: tf.Variable = tf.tidy(() => tf.variable(tf.tensor1d([-1, -2]), false));

  constructor(readonly engine: Engine) {
    this.state.define('parameters/w', this.w);
    this.state.define('parameters/v', this.v);
    this.state.define('averages/w', this.average);
    tf.tidy(() => this.state.set('gradients/old', tf.tensor1d([3, 4])));
  }

  /** Runs a program, and reads and disposes its outputs. */
  async run(each: Program, request?: RunRequest): Promise<Omit<RunResult, 'outputs'> & { readonly outputs: Numbers }> {
    const { outputs, ...rest } = await this.engine.run(each, this.state, request);
    try {
      return { ...rest, outputs: await numbersOf(outputs) };
    } finally {
      tf.dispose(outputs);
    }
  }

  /** Runs a program on a batch, which is disposed. */
  async withBatch(batch: Batch, each: Program): Promise<Numbers> {
    try {
      return (await this.run(each, { batch })).outputs;
    } finally {
      disposeBatch(batch);
    }
  }

  /** All of the state. */
  seen(): Promise<HostValue> {
    const gradients = Object.fromEntries(this.state.temporariesIn('gradients'));
    return toHost({ w: this.w, v: this.v, average: this.average, gradients });
  }

  dispose(): void {
    this.state.clearTemporaries();
    tf.dispose([this.w, this.v, this.average]);
  }
}
