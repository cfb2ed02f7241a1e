import * as tf from '@tensorflow/tfjs-core';

import { onEveryKernel } from '../compiled/tfjs-internals.js';
import type { KernelCall } from '../compiled/tfjs-internals.js';
import { userLine } from '../compiled/user-line.js';
import type { Batch, BatchValue } from '../contracts/batch.js';
import type { Program, RunRequest } from '../contracts/engine.js';
import { EagerEngine } from '../engine/eager-engine.js';
import type { NamedState } from '../state/named-state.js';

/** Runs a program op by op, on the state that is explained. */
export type ExplainedRun = (program: Program, request: RunRequest) => Promise<void>;

/**
 * Computes something again on the eager engine, whatever engine it was on, and looks at the result of every op.
 *
 * @param lookAt what can have given it: the forward pass, or all of the step.
 * @param compute must leave the variables of the state as they are.
 * @returns sentences that name the first op that gave NaN (where none did, the first that gave an infinite value), the
 * user's line if it has one, and its inputs. An infinite value may be meant, as that of a mask, and NaN never is.
 */
export async function explainNonFinite(
  state: NamedState,
  group: readonly Batch[],
  lookAt: 'forward' | 'all',
  compute: (run: ExplainedRun) => Promise<void>,
): Promise<string> {
  const search = new Search(namesIn(state, group), lookAt);
  const engine = new EagerEngine();
  await compute(async (program, request) => {
    const looked: Program = {
      name: program.name,
      key: program.key,
      guards: program.guards,
      run: (inputs, programState) =>
        onEveryKernel(
          (call) => search.look(call),
          () => program.run(inputs, programState),
        ),
    };
    tf.dispose((await engine.run(looked, state, request)).outputs);
  });
  return search.result();
}

type Kind = 'NaN' | 'an infinite value';

/** What was found in one op. */
interface Anomaly {
  readonly op: string;
  readonly inputs: readonly string[];
  /** Inputs that had it already. */
  readonly cameWith: readonly string[];
}

class Search {
  private readonly first = new Map<Kind, Anomaly>();

  /** @param names of tensors that come in from outside, and later of what ops make of them, by their elements. */
  constructor(
    private readonly names: Map<object, string>,
    private readonly lookAt: 'forward' | 'all',
  ) {}

  look({ kernel, inputs, outputs, inGradient }: KernelCall): void {
    // tfjs clones what a gradient needs, before the op that made it is told
    if (kernel === 'Identity' || (this.lookAt === 'forward' && !inGradient)) return;
    const made = outputs.filter(({ dataId }) => !this.names.has(dataId));
    if (made.length === 0) return;
    const place = [inGradient ? '' : 'not in the forward pass', userLine()].filter((text) => text !== '');
    const op = place.length === 0 ? kernel : `${kernel} (${place.join(', ')})`;
    const results = made.map(countsOf);
    for (const [kind, has] of KINDS) {
      if (this.first.has(kind) || !results.some(has)) continue;
      const had = inputs.filter(({ tensor }) => has(countsOf(tensor)));
      this.first.set(kind, {
        op,
        inputs: inputs.map(({ name, tensor }) => `${name} is ${this.described(tensor)}`),
        cameWith: had.map(({ tensor }) => this.nameOf(tensor)),
      });
    }
    for (const { dataId } of made) this.names.set(dataId, `the result of ${op}`);
  }

  result(): string {
    const nan = this.first.get('NaN');
    const infinite = this.first.get('an infinite value');
    if (nan !== undefined) {
      const before = infinite === undefined || infinite.op === nan.op ? [] : [sentence('an infinite value', infinite)];
      return [sentence('NaN', nan), ...before].join('. ');
    }
    if (infinite !== undefined) return sentence('an infinite value', infinite);
    return 'Computed again op by op, every value is finite: the step is not the same each time, or the engine computes it otherwise';
  }

  private described(tensor: tf.Tensor): string {
    const { size, nan, infinite, min, max } = countsOf(tensor);
    const bad = [...(nan > 0 ? [`${nan} NaN`] : []), ...(infinite > 0 ? [`${infinite} infinite`] : [])];
    const values = bad.length > 0 ? `${bad.join(' and ')} of ${size}` : `finite, from ${min} to ${max}`;
    return `${this.nameOf(tensor)} (${tensor.dtype} [${tensor.shape}], ${size === 0 ? 'empty' : values})`;
  }

  private nameOf({ dataId }: tf.Tensor): string {
    return this.names.get(dataId) ?? 'a constant';
  }
}

interface Counts {
  readonly size: number;
  readonly nan: number;
  readonly infinite: number;
  readonly min: number;
  readonly max: number;
}

const KINDS: readonly (readonly [Kind, (counts: Counts) => boolean])[] = [
  ['NaN', ({ nan }) => nan > 0],
  ['an infinite value', ({ infinite }) => infinite > 0],
];

function countsOf(tensor: tf.Tensor): Counts {
  const counts = { size: tensor.size, nan: 0, infinite: 0, min: Infinity, max: -Infinity };
  if (tensor.dtype === 'string' || tensor.dtype === 'complex64') return counts;
  for (const value of tensor.dataSync()) {
    if (Number.isNaN(value)) counts.nan += 1;
    else if (!Number.isFinite(value)) counts.infinite += 1;
    if (value < counts.min) counts.min = value;
    if (value > counts.max) counts.max = value;
  }
  return counts;
}

function sentence(kind: Kind, { op, inputs, cameWith }: Anomaly): string {
  const origin =
    cameWith.length === 0
      ? `The first op that gives ${kind} is ${op}`
      : `${op} is given ${kind} with ${cameWith.join(', ')}`;
  return inputs.length === 0 ? `${origin}, which has no inputs` : `${origin}; ${inputs.join('; ')}`;
}

/** What the state and the batches hold, by their elements. */
function namesIn(state: NamedState, group: readonly Batch[]): Map<object, string> {
  const names = new Map<object, string>();
  const add = (tensor: tf.Tensor, name: string): void => void names.set(tensor.dataId, name);
  for (const [name, tensor] of state.allVariables()) add(tensor, `the state "${name}"`);
  const walk = (value: BatchValue, path: string): void => {
    if (value instanceof tf.Tensor) add(value, `"${path}" of the batch`);
    else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`);
    }
  };
  for (const batch of group) walk(batch, '');
  return names;
}
