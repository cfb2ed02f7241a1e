import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import type { Program, RunRequest } from '../contracts/engine.js';
import { withLog } from '../log.js';
import { NamedState } from '../state/named-state.js';
import { program, SmallState, tfjsNow } from './__fixtures__/programs.js';
import { ReplayEngine } from './__fixtures__/replay-engine.js';

let small: SmallState;
let tensors: number;
let warnings: string[];
let engine: ReplayEngine;

beforeEach(() => {
  tensors = tf.memory().numTensors;
  small = new SmallState();
  warnings = [];
  engine = new ReplayEngine();
});
afterEach(() => {
  engine.dispose();
  small.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

/** Runs it and gives its outputs as numbers. */
async function run(
  each: Program,
  request: RunRequest = {},
  on: ReplayEngine = engine,
): Promise<Record<string, number[]>> {
  const log = { info: (): void => undefined, warn: (message: string): void => void warnings.push(message) };
  const { outputs } = await withLog(log, () => on.run(each, small.state, request));
  const numbers = Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, [...tensor.dataSync()]]));
  tf.dispose(outputs);
  return numbers;
}

async function onBatch(
  each: Program,
  x: readonly number[],
  on: ReplayEngine = engine,
): Promise<Record<string, number[]>> {
  const batch = { x: tf.tensor1d([...x]) };
  try {
    return await run(each, { batch }, on);
  } finally {
    tf.dispose(batch);
  }
}

const total = program('total', ({ batch }) => ({ total: tf.sum(batch['x'] as tf.Tensor) }));

/** w = w + 1, gradients/w = w before. */
const step = program('step', (_, state) => {
  const w = state.read('parameters/w')!;
  state.write('parameters/w', tf.add(w, 1));
  state.write('gradients/w', w);
  return { sum: tf.sum(w) };
});

const reading = program('reading', () => ({ twice: tf.scalar(2 * small.w.dataSync()[0]!) }));
const AFTER_STEP = { 'parameters/w': [2, 3], 'averages/w': [-1, -2], 'gradients/w': [1, 2] };

describe('one compiled program', () => {
  it('serves every batch of its shapes, and another other shapes', async () => {
    expect(await onBatch(total, [1, 2])).toEqual({ total: [3] });
    expect(await onBatch(total, [3, 4])).toEqual({ total: [7] });
    expect(engine.compiled).toEqual(['total']);
    expect(await onBatch(total, [1, 2, 3])).toEqual({ total: [6] });
    expect(await onBatch(total, [5, 6])).toEqual({ total: [11] });
    expect(engine.compiled).toEqual(['total', 'total']);
  });

  it('is made for each combination of temporaries that decide what is done', async () => {
    const look = program('look', (_, state) => ({
      sum: tf.add(state.read('gradients/w') ?? tf.scalar(0), tf.scalar(1)),
    }));
    expect(await run(look)).toEqual({ sum: [4, 5] });
    small.state.remove('gradients/w');
    expect(await run(look)).toEqual({ sum: [1] });
    tf.tidy(() => small.state.set('gradients/w', tf.tensor1d([8, 9])));
    expect(await run(look)).toEqual({ sum: [9, 10] });
    expect(engine.compiled).toEqual(['look', 'look']);
  });

  it('is another for another state', async () => {
    const other = new NamedState();
    const one = program('one', () => ({ one: tf.scalar(1) }));
    await run(one);
    tf.dispose((await engine.run(one, other)).outputs);
    await run(one);
    expect(engine.compiled).toEqual(['one', 'one']);
  });

  it('sees a variable that it captured as it is now', async () => {
    const own = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const scaled = program('scaled', () => ({ scaled: tf.mul(own, 10) }));
    expect(await run(scaled)).toEqual({ scaled: [10, 20] });
    tf.tidy(() => own.assign(tf.tensor1d([3, 4])));
    expect(await run(scaled)).toEqual({ scaled: [30, 40] });
    expect(engine.compiled).toEqual(['scaled']);
    own.dispose();
  });

  it('sees state that somebody changed between runs', async () => {
    await run(step);
    tf.tidy(() => small.w.assign(tf.tensor1d([10, 20])));
    expect(await run(step)).toEqual({ sum: [30] });
    expect(small.values).toMatchObject({ 'parameters/w': [11, 21], 'gradients/w': [10, 20] });
  });

  it('removes state', async () => {
    await run(
      program('remove', (_, state) => {
        state.write('gradients/w', null);
        return {};
      }),
    );
    expect(small.state.get('gradients/w')).toBeUndefined();
  });
});

describe('programs are kept', () => {
  it('as many as it is told, those used last; the others are freed', async () => {
    engine = new ReplayEngine({ maxPrograms: 2 });
    const named = (name: string): Program => program(name, () => ({ one: tf.scalar(1) }));
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await run(named(name));
    expect(engine.compiled).toEqual(['a', 'b', 'c', 'b']);
    expect(engine.disposed).toEqual(['b', 'c']);
    engine.dispose();
    expect(engine.disposed).toEqual(['b', 'c', 'a', 'b']);
  });

  it('until runs that are under way are over', async () => {
    engine = new ReplayEngine({ maxPrograms: 1 });
    await onBatch(total, [1]);
    const results = Promise.all([onBatch(total, [1]), onBatch(total, [1, 2]), onBatch(total, [1, 2, 3])]);
    engine.dispose();
    expect(engine.disposed).toEqual([]);
    expect(await results).toEqual([{ total: [1] }, { total: [3] }, { total: [6] }]);
    expect(engine.disposed).toEqual(['total', 'total', 'total']);
    expect(await onBatch(total, [1])).toEqual({ total: [1] });
  });

  it('with one warning where shapes keep changing', async () => {
    for (let length = 1; length <= 18; length++)
      await onBatch(
        total,
        Array.from({ length }, () => 1),
      );
    expect(warnings).toEqual([expect.stringMatching(/"total" has met 17 shapes of batches .* 64 .*padToMultipleOf/)]);
  });
});

describe('compileAfter', () => {
  it('runs a shape op by op so many times first', async () => {
    engine = new ReplayEngine({ compileAfter: 2 });
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      expect(await onBatch(total, [1, 2])).toEqual({ total: [3] });
      counts.push(engine.compiled.length);
    }
    expect(counts).toEqual([0, 0, 1, 1]);
    await onBatch(total, [1]);
    expect(engine.compiled).toHaveLength(1);
  });

  it('goes on counting in a new process', async () => {
    engine = new ReplayEngine({ compileAfter: 2 });
    await onBatch(total, [1, 2]);
    await onBatch(total, [1]);
    await onBatch(total, [1]);
    const saved = JSON.parse(JSON.stringify(engine.stateDict())) as Record<string, never>;
    const next = new ReplayEngine({ compileAfter: 2 });
    next.loadStateDict(saved);
    expect(next.stateDict()).toEqual(saved);
    await onBatch(total, [1, 2], next);
    expect(next.compiled).toEqual([]);
    await onBatch(total, [1], next);
    expect(next.compiled).toEqual(['total']);
    await onBatch(total, [1, 2], next);
    expect(next.compiled).toEqual(['total', 'total']);
    next.dispose();
  });

  it('does not begin anew for a shape that was dropped meanwhile', async () => {
    engine = new ReplayEngine({ compileAfter: 2, maxPrograms: 1 });
    for (const x of [[1, 2], [1, 2], [1], [1, 2]]) await onBatch(total, x);
    expect(engine.compiled).toEqual(['total']);
  });

  it('saves nothing where it is not used', async () => {
    await onBatch(total, [1]);
    expect(engine.stateDict()).toEqual({});
  });
});

describe('a program that cannot be compiled', () => {
  it('is an error that leaves all as it was, each time', async () => {
    const before = tfjsNow();
    const values = small.values;
    for (let i = 0; i < 2; i++) {
      await expect(run(reading)).rejects.toMatchObject({ code: 'X_ENGINE_NOT_COMPILABLE' });
    }
    expect(tfjsNow()).toEqual(before);
    expect(small.values).toEqual(values);
    expect(warnings).toEqual([]);
  });

  it('runs op by op with one warning', async () => {
    engine = new ReplayEngine({ onFailure: 'eager' });
    for (let i = 0; i < 3; i++) expect(await run(reading)).toEqual({ twice: [2] });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^steps run op by op, which is slow: the step reads .*compiled-engine\.test\.ts:\d+:\d+\)$/,
      ),
    ]);
  });

  it('may be found so late', async () => {
    engine = new ReplayEngine({ onFailure: 'eager' });
    const late = program('late', () => ({ 'cannot be compiled': tf.scalar(1) }));
    for (let i = 0; i < 2; i++) expect(await run(late)).toEqual({ 'cannot be compiled': [1] });
    expect(warnings).toEqual(['steps run op by op, which is slow: it is refused late']);
  });

  it('throws its own errors in any case', async () => {
    engine = new ReplayEngine({ onFailure: 'eager' });
    const failing = program('failing', () => {
      throw new RangeError('of the user');
    });
    await expect(run(failing)).rejects.toThrow(RangeError);
    expect(warnings).toEqual([]);
  });
});

describe('a program that is not the same every time', () => {
  let count: number;
  const counting = program('counting', () => ({ count: tf.scalar(count++) }));
  beforeEach(() => (count = 0));

  it('is refused with what differs and where', async () => {
    await expect(run(counting)).rejects.toThrow(
      /not the same every time: constant float32\[\] of 0 at one time, constant float32\[\] of 1 at another; .*compiled-engine\.test\.ts:\d+:\d+\)$/,
    );
  });

  it('is compiled as it is now if it is traced once', async () => {
    engine = new ReplayEngine({ traceTwice: false });
    expect([await run(counting), await run(counting)]).toEqual([{ count: [0] }, { count: [0] }]);
  });
});

describe('a compiled program that fails', () => {
  const fail = (_: string, tensor: tf.Tensor): tf.Tensor => {
    if (engine.compiled.length > 0) throw new Error('native trouble');
    return tensor;
  };

  it('runs op by op from now on, from the state as it was', async () => {
    engine = new ReplayEngine({ onFailure: 'eager' });
    engine.distort = fail;
    expect(await run(step)).toEqual({ sum: [3] });
    expect(small.values).toEqual(AFTER_STEP);
    expect(await run(step)).toEqual({ sum: [5] });
    expect(engine.compiled).toEqual(['step']);
    expect(engine.disposed).toEqual(['step']);
    expect(warnings).toEqual(['"step" failed as a compiled program and runs op by op from now on: native trouble']);
  });

  it('runs op by op in a run that goes on, too', async () => {
    engine = new ReplayEngine({ onFailure: 'eager' });
    engine.distort = fail;
    await run(step);
    const saved = engine.stateDict();
    engine = new ReplayEngine({ onFailure: 'eager' });
    engine.loadStateDict(saved);
    await run(step);
    expect(engine.compiled).toEqual([]);
    expect(engine.stateDict()).toEqual(saved);
    expect(warnings).toHaveLength(1);
  });

  it('is an error with the state as it was', async () => {
    engine.distort = fail;
    const before = small.values;
    await expect(run(step)).rejects.toMatchObject({
      code: 'X_ENGINE_RUN_FAILED',
      message: expect.stringMatching(/^"step" fails as a compiled program, and not op by op: native trouble/) as string,
    });
    expect(small.values).toEqual(before);
  });

  it.each(['eager', 'error'] as const)(
    'says what is wrong with the data as op by op (%s), and stays',
    async (onFailure) => {
      engine = new ReplayEngine({ onFailure });
      const look = program('look', ({ batch }, state) => {
        state.write('parameters/w', tf.add(state.read('parameters/w')!, 1));
        return { found: tf.gather(small.w, tf.cast(batch['x'] as tf.Tensor1D, 'int32')) };
      });
      const before = small.values;
      await expect(onBatch(look, [7])).rejects.toThrow(/index value 7 is not in \[0, 1\]/);
      expect(small.values).toEqual(before);
      expect(await onBatch(look, [1])).toEqual({ found: [2] });
      expect(engine.compiled).toEqual(['look']);
      expect(engine.disposed).toEqual([]);
      expect(warnings).toEqual([]);
    },
  );
});

describe('validate', () => {
  it('compares so many runs of each program, and leaves one run’s results', async () => {
    engine = new ReplayEngine({ validate: 2 });
    let compared = 0;
    const watched: Program = { ...step, run: (inputs, state) => ((compared += 1), step.run(inputs, state)) };
    expect(await run(watched)).toEqual({ sum: [3] });
    expect(small.values).toEqual(AFTER_STEP);
    for (let i = 0; i < 3; i++) await run(watched);
    expect(small.values).toMatchObject({ 'parameters/w': [5, 6], 'gradients/w': [4, 5] });
    // traced twice, and op by op in the first two of four runs
    expect(compared).toBe(4);
  });

  it.each(['eager', 'error'] as const)(
    'ends the run at a difference (%s) with the state as it was',
    async (onFailure) => {
      engine = new ReplayEngine({ validate: 1, onFailure });
      const before = small.values;
      engine.distort = (name, tensor) => (name === 'output/sum' ? tf.add(tensor, 1) : tensor);
      await expect(run(step)).rejects.toMatchObject({
        code: 'X_ENGINE_MISMATCH',
        message: expect.stringMatching(/element 0 of the output "sum" is 4, not 3/) as string,
      });
      expect(small.values).toEqual(before);
    },
  );

  it('finds a difference of the state', async () => {
    engine = new ReplayEngine({ validate: 1 });
    const before = small.values;
    engine.distort = (name, tensor) => (name === 'write/parameters/w' ? tf.add(tensor, 1) : tensor);
    await expect(run(step)).rejects.toThrow(/new state is off by .* most in "parameters\/w"/);
    expect(small.values).toEqual(before);
  });
});

it('a run inside of a step ends the trace, and is never begun', async () => {
  const inner = new ReplayEngine();
  const nested = program('nested', () => {
    void inner.run(step, small.state);
    return {};
  });
  const before = small.values;
  await expect(run(nested)).rejects.toThrow(
    /the step runs another step: run\(\) belongs between steps \(at .*test\.ts/,
  );
  expect(small.values).toEqual(before);
  expect(inner.compiled).toEqual([]);
});

it('can be prepared where tfjs has a backend, and counts the live tensors', async () => {
  await engine.prepare();
  expect(engine.memory().tensors).toBe(tf.memory().numTensors);
});
