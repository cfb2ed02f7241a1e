import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import type { Outputs } from '../contracts/batch.js';
import type { RunRequest, RunResult } from '../contracts/engine.js';
import { EagerEngine } from '../engine/eager-engine.js';
import type { NamedState } from '../state/named-state.js';
import { program, SmallState } from './__fixtures__/programs.js';
import { runValidated } from './validation.js';

let small: SmallState;
let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
  small = new SmallState();
});
afterEach(() => {
  small.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

/** w = [1, 2] becomes [11, 12], gradients/w is removed, gradients/v = [1, 1]; the outputs are as given. */
const step = program(
  'step',
  (_, state) => {
    state.write('parameters/w', tf.add(small.w, 10));
    state.write('gradients/w', null);
    state.write('gradients/v', tf.ones([2]));
    return { x: tf.tensor1d([1000, 1, Number.NaN, Infinity]), guard: tf.tensor1d([1]) };
  },
  ['guard'],
);

const EXPECTED = { x: [1000, 1, Number.NaN, Infinity], guard: [1] };
const BEFORE = { 'parameters/w': [1, 2], 'averages/w': [-1, -2], 'gradients/w': [3, 4] };
const AFTER = { 'parameters/w': [11, 12], 'averages/w': [-1, -2], 'gradients/v': [1, 1] };

interface Result {
  readonly outputs?: Readonly<Record<string, readonly number[]>>;
  readonly state?: Readonly<Record<string, readonly number[]>>;
  readonly committed?: boolean;
}

/** Something compiled that leaves these values. */
function leaving({ outputs = EXPECTED, state: values = AFTER, committed = true }: Result) {
  return {
    dispose: (): void => undefined,
    run(state: NamedState): RunResult {
      if (committed) {
        state.clearTemporaries();
        for (const [name, value] of Object.entries(values)) tf.tidy(() => state.set(name, tf.tensor1d([...value])));
      }
      const made: Outputs = {};
      for (const [name, value] of Object.entries(outputs)) made[name] = tf.tensor1d([...value]);
      return { outputs: made, committed, written: new Set() };
    },
  };
}

async function validate(result: Result, request: RunRequest = {}): Promise<void> {
  const eager = new EagerEngine();
  const compiled = leaving(result);
  const { outputs } = await runValidated({ eager, compiled, program: step, state: small.state, request });
  tf.dispose(outputs);
}

describe('a compiled program agrees', () => {
  it.each<[what: string, result: Result]>([
    ['that computes the same', {}],
    [
      'with outputs off by a thousandth of the largest',
      { outputs: { ...EXPECTED, x: [1000.9, 0.1, Number.NaN, Infinity] } },
    ],
    ['with a state off by a tenth of its change', { state: { ...AFTER, 'parameters/w': [11.5, 12.5] } }],
  ])('%s', async (_, result) => {
    await validate(result);
    expect(small.values).toEqual(result.state ?? AFTER);
  });
});

describe('a compiled program does not agree, and the state is as it was', () => {
  it.each<[what: string, result: Result, message: RegExp]>([
    [
      'with another output',
      { outputs: { ...EXPECTED, x: [1002, 1, Number.NaN, Infinity] } },
      /element 0 of the output "x" is 1002, not 1000/,
    ],
    [
      'with a number for NaN',
      { outputs: { ...EXPECTED, x: [1000, 1, 0, Infinity] } },
      /element 2 of the output "x" is 0, not NaN/,
    ],
    [
      'with NaN for a number',
      { outputs: { ...EXPECTED, guard: [Number.NaN] } },
      /element 0 of the output "guard" is NaN, not 1/,
    ],
    [
      'with infinity of another sign',
      { outputs: { ...EXPECTED, x: [1000, 1, Number.NaN, -Infinity] } },
      /element 3 .* is -Infinity, not Infinity/,
    ],
    [
      'with a number for infinity',
      { outputs: { ...EXPECTED, x: [1000, 1, Number.NaN, 5] } },
      /element 3 .* is 5, not Infinity/,
    ],
    ['without an output', { outputs: { x: EXPECTED.x } }, /its outputs are x, not x,guard/],
    [
      'with an output of fewer elements',
      { outputs: { ...EXPECTED, x: [1000] } },
      /the output "x" is float32 \[1\], not float32 \[4\]/,
    ],
    [
      'with an output of more elements',
      { outputs: { ...EXPECTED, guard: [1, 1] } },
      /the output "guard" is float32 \[2\], not float32 \[1\]/,
    ],
    [
      'with another state',
      { state: { ...AFTER, 'parameters/w': [14, 15] } },
      /new state is off by \d+ % of its change, most in "parameters\/w"/,
    ],
    [
      'with NaN in the state',
      { state: { ...AFTER, 'parameters/w': [Number.NaN, 12] } },
      /element 0 of the new "parameters\/w" is NaN, not 11/,
    ],
    ['without a temporary', { state: { 'parameters/w': [11, 12] } }, /"gradients\/v" is not there/],
    ['with what was to be removed', { state: { ...AFTER, 'gradients/w': [3, 4] } }, /"gradients\/w" is there/],
    ['that was not committed', { committed: false }, /it was not committed, op by op it is/],
  ])('%s', async (_, result, message) => {
    await expect(validate(result)).rejects.toMatchObject({
      code: 'X_ENGINE_MISMATCH',
      message: expect.stringMatching(message) as string,
    });
    expect(small.values).toEqual(BEFORE);
  });
});

it('what a compiled program throws is thrown, with the state as it was', async () => {
  const compiled = {
    dispose: (): void => undefined,
    run(): never {
      tf.tidy(() => small.w.assign(tf.tensor1d([8, 8])));
      throw new RangeError('native trouble');
    },
  };
  const running = runValidated({ eager: new EagerEngine(), compiled, program: step, state: small.state, request: {} });
  await expect(running).rejects.toThrow(/native trouble/);
  expect(small.values).toEqual(BEFORE);
});

it('what the program throws op by op is thrown, and nothing is run compiled', async () => {
  const failing = program('failing', () => {
    throw new RangeError('of the user');
  });
  const compiled = leaving({});
  const run = jest.spyOn(compiled, 'run');
  const running = runValidated({
    eager: new EagerEngine(),
    compiled,
    program: failing,
    state: small.state,
    request: {},
  });
  await expect(running).rejects.toThrow(/of the user/);
  expect(run).not.toHaveBeenCalled();
  expect(small.values).toEqual(BEFORE);
});
