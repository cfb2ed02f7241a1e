import * as tf from '@tensorflow/tfjs-core';

import type { Outputs } from '../contracts/batch.js';
import type { Program, RunRequest, RunResult } from '../contracts/engine.js';
import type { EagerEngine } from '../engine/eager-engine.js';
import { EngineError } from '../errors.js';
import type { NamedState } from '../state/named-state.js';
import type { CompiledProgram } from './compiled-program.js';

/** How far an output may be off, relative to its largest element. */
const OUTPUT_TOLERANCE = 1e-3;

/**
 * How far all changes of state together may be off, relative to their Euclidean norm. Single tensors are no measure: where
 * a gradient is zero but for rounding, as for a bias before batch normalization, Adam makes a whole step of the rounding.
 */
const STATE_TOLERANCE = 0.1;

interface Validated {
  readonly eager: EagerEngine;
  readonly compiled: CompiledProgram;
  readonly program: Program;
  readonly state: NamedState;
  readonly request: RunRequest;
}

/**
 * Runs a program op by op, puts the state back, runs it compiled and compares.
 *
 * @throws EngineError (`X_ENGINE_MISMATCH`) naming what differs; the state is as it was then.
 */
export async function runValidated({ eager, compiled, program, state, request }: Validated): Promise<RunResult> {
  const before = new Snapshot(state);
  let expected: RunResult | undefined;
  let after: Snapshot | undefined;
  try {
    expected = await eager.run(program, state, request);
    after = new Snapshot(state);
    before.restore();
    const actual = await compiled.run(state, request);
    const problem =
      (await outputProblem(expected.outputs, actual.outputs)) ??
      (expected.committed === actual.committed
        ? await stateProblem(before, after, state)
        : `it was ${actual.committed ? '' : 'not '}committed, op by op it ${expected.committed ? 'is' : 'is not'}`);
    if (problem === undefined) return actual;
    tf.dispose(actual.outputs);
    throw new EngineError(
      'X_ENGINE_MISMATCH',
      `the compiled program "${program.name}" does not compute what it does op by op: ${problem}. Please report it with the ` +
        "model; engine: 'eager' trains without it",
    );
  } catch (error) {
    before.restore();
    throw error;
  } finally {
    tf.dispose(expected?.outputs ?? {});
    before.dispose();
    after?.dispose();
  }
}

/** The values of all of a state at a time. */
class Snapshot {
  private readonly variables: ReadonlyMap<string, tf.Tensor>;
  private readonly temporaries: ReadonlyMap<string, tf.Tensor>;

  constructor(private readonly state: NamedState) {
    const kept = (tensor: tf.Tensor): tf.Tensor => tf.keep(tf.clone(tensor));
    this.variables = new Map([...state.allVariables()].map(([name, variable]) => [name, kept(variable)]));
    this.temporaries = new Map([...state.allTemporaries()].map(([name, tensor]) => [name, kept(tensor)]));
  }

  restore(): void {
    for (const [name, value] of this.variables) this.state.variable(name)!.assign(value);
    this.state.clearTemporaries();
    for (const [name, value] of this.temporaries) this.state.set(name, value);
  }

  get values(): ReadonlyMap<string, tf.Tensor> {
    return new Map([...this.variables, ...this.temporaries]);
  }

  dispose(): void {
    for (const tensor of this.values.values()) tensor.dispose();
  }
}

async function outputProblem(expected: Outputs, actual: Outputs): Promise<string | undefined> {
  const names = Object.keys(expected);
  if (names.join() !== Object.keys(actual).join()) return `its outputs are ${Object.keys(actual)}, not ${names}`;
  for (const name of names) {
    const kind = kindProblem(`the output "${name}"`, expected[name]!, actual[name]!);
    if (kind !== undefined) return kind;
    const a = Array.from(await actual[name]!.data(), Number);
    const b = Array.from(await expected[name]!.data(), Number);
    const largest = b.reduce((max, x) => (Number.isFinite(x) ? Math.max(max, Math.abs(x)) : max), 1e-6);
    const at = b.findIndex((x, i) => !(Object.is(x, a[i]) || Math.abs(x - a[i]!) <= OUTPUT_TOLERANCE * largest));
    if (at >= 0) return `element ${at} of the output "${name}" is ${a[at]}, not ${b[at]}`;
  }
  return undefined;
}

async function stateProblem(before: Snapshot, after: Snapshot, state: NamedState): Promise<string | undefined> {
  const { values } = after;
  for (const [name] of state.allTemporaries()) if (!values.has(name)) return `"${name}" is there, and should not`;
  let wrong = 0;
  let changed = 0;
  let worst = { name: '', wrong: 0 };
  for (const [name, tensor] of values) {
    const now = state.get(name);
    if (now === undefined) return `"${name}" is not there`;
    const kind = kindProblem(`the new "${name}"`, tensor, now);
    if (kind !== undefined) return kind;
    const [start, end, is] = [await before.values.get(name)?.data(), await tensor.data(), await now.data()];
    let wrongHere = 0;
    for (const [i, x] of end.entries()) {
      const y = is[i]!;
      const off = Object.is(x, y) ? 0 : (x - y) ** 2;
      if (!Number.isFinite(off)) return `element ${i} of the new "${name}" is ${y}, not ${x}`;
      wrongHere += off;
      const change = (x - (start?.[i] ?? 0)) ** 2;
      if (Number.isFinite(change)) changed += change;
    }
    wrong += wrongHere;
    if (wrongHere > worst.wrong) worst = { name, wrong: wrongHere };
  }
  if (wrong <= STATE_TOLERANCE ** 2 * changed + 1e-12) return undefined;
  return `the new state is off by ${((100 * Math.sqrt(wrong)) / Math.sqrt(changed)).toPrecision(2)} % of its change, most in "${worst.name}"`;
}

function kindProblem(what: string, expected: tf.Tensor, actual: tf.Tensor): string | undefined {
  const inWords = ({ dtype, shape }: tf.Tensor): string => `${dtype} [${shape}]`;
  const [is, should] = [inWords(actual), inWords(expected)];
  return is === should ? undefined : `${what} is ${is}, not ${should}`;
}
