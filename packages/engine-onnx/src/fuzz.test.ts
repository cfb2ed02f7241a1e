import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { EagerEngine, NamedState } from '@x/trainer-core';
import type { Batch, Engine, Outputs, Program } from '@x/trainer-core';
import { expectNoLeak } from '@x/testing';

import { RandomStep } from './__fixtures__/fuzz/random-step.js';
import { OnnxEngine } from './onnx-engine.js';

// compiling takes seconds where other tests share the cores
jest.setTimeout(60_000);

/**
 * How far elements may be off, relative to the largest of their tensor: a few dozen operations of float32 in another order,
 * some of which subtract nearly equal numbers.
 */
const TOLERANCE = 2e-4;

/** Compiled together: most of the time goes into making a session. */
const GROUP = 5;
/** Which programs; others, and more of them, for a search by hand: `FUZZ_FIRST=9001 FUZZ_COUNT=2000 npx jest fuzz`. */
const [FIRST, COUNT] = [Number(process.env['FUZZ_FIRST'] ?? 1), Number(process.env['FUZZ_COUNT'] ?? 500)];
/** Optimisations that are switched off, to find the one that is to blame: `FUZZ_OFF=fusedUpdate,algebra`. */
const OFF = process.env['FUZZ_OFF']?.split(',') ?? [];

type Results = Readonly<Record<string, readonly number[]>>;

/** What two steps on an engine gave: outputs and all of the state, by name. */
async function trained(engine: Engine, steps: readonly RandomStep[]): Promise<Results[]> {
  const state = new NamedState();
  const scoped = (step: RandomStep): NamedState => new Scoped(state, step.seed);
  const variables = steps.flatMap((step) => step.defineState(scoped(step)));
  const program: Program = {
    name: 'random',
    key: steps.map(({ seed }) => seed).join(),
    guards: [],
    run: ({ batch, numbers }, programState) =>
      Object.assign(
        {},
        ...steps.map((step) => {
          const named = (name: string): string => scopedName(name, step.seed);
          const own = {
            read: (name: string): tf.Tensor | undefined => programState.read(named(name)),
            write: (name: string, value: tf.Tensor | null): void => programState.write(named(name), value),
          };
          return step.run({ batch: batch[`${step.seed}`] as Batch, numbers }, own);
        }),
      ) as Outputs,
  };
  const results: Results[] = [];
  try {
    for (const [i, learningRate] of [0.05, 0.025].entries()) {
      const batch = Object.fromEntries(steps.map((step) => [`${step.seed}`, step.batch(i)]));
      const random = { seed: steps[0]!.seed, step: i, microBatch: 0 };
      const parameters = steps[0]!.seed % 3 === 0 ? 'averaged' : 'raw';
      try {
        const { outputs } = await engine.run(program, state, { batch, numbers: { learningRate }, random, parameters });
        const all = { ...outputs, ...Object.fromEntries([...state.allVariables(), ...state.allTemporaries()]) };
        results.push(Object.fromEntries(Object.entries(all).map(([name, tensor]) => [name, [...tensor.dataSync()]])));
        tf.dispose(outputs);
      } finally {
        tf.dispose(batch as unknown as tf.TensorContainer);
      }
    }
  } finally {
    state.clearTemporaries();
    tf.dispose(variables);
  }
  return results;
}

function scopedName(name: string, seed: number): string {
  return name.replace('/', `/${seed}/`);
}

/** A part of a state, whose names begin with a seed. */
class Scoped extends NamedState {
  constructor(
    private readonly whole: NamedState,
    private readonly seed: number,
  ) {
    super();
  }

  override define(name: string, variable: tf.Variable): void {
    this.whole.define(scopedName(name, this.seed), variable);
  }
}

/** The first of what differs. */
function difference(actual: readonly Results[], expected: readonly Results[]): string | undefined {
  for (const [i, tensors] of expected.entries()) {
    if (Object.keys(tensors).sort().join() !== Object.keys(actual[i]!).sort().join()) return `step ${i}: other names`;
    for (const [name, elements] of Object.entries(tensors)) {
      const others = actual[i]![name]!;
      if (others.length !== elements.length)
        return `step ${i}, ${name}: ${others.length} elements, not ${elements.length}`;
      const largest = elements.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 1);
      const at = elements.findIndex(
        (x, j) => !Object.is(x, others[j]) && !(Math.abs(x - others[j]!) <= TOLERANCE * largest),
      );
      if (at >= 0) return `step ${i}, ${name}: element ${at} is ${others[at]}, not ${elements[at]}`;
    }
  }
  return undefined;
}

describe('random programs, two steps of each,', () => {
  const firsts = Array.from({ length: Math.ceil(COUNT / GROUP) }, (_, i) => FIRST + i * GROUP);

  it.each(firsts)(`compute the same compiled and op by op: ${GROUP} from seed %d`, async (first) => {
    const steps = Array.from({ length: GROUP }, (_, i) => new RandomStep(first + i));
    const [eager, onnx] = [new EagerEngine(), new OnnxEngine({ onFailure: 'error', threads: 1, off: OFF })];
    await onnx.prepare();
    await expectNoLeak(async () => {
      const expected = await trained(eager, steps);
      const together = await trained(onnx, steps).then((actual) => difference(actual, expected), String);
      if (together === undefined) return;
      for (const step of steps) {
        const alone = await trained(onnx, [step])
          .then(async (actual) => difference(actual, await trained(eager, [step])))
          .catch(String);
        if (alone !== undefined) throw new Error(`${alone}\n${step.text}`);
      }
      throw new Error(`${together}\nonly together:\n${steps.map(({ text }) => text).join('\n\n')}`);
    });
    onnx.dispose();
  });
});
