import { nodesBelow } from '../graph/walk.js';
import type { Value } from '../graph/value.js';
import type { Operator } from './program.js';

/** A parameter, slot, average or the like that a step writes. */
export interface WrittenState {
  readonly name: string;
  /** The `Input` that is its old value. */
  readonly before: Value;
  readonly after: Value;
}

type Kind = 'number' | 'mask';

const NUMBER: readonly Kind[] = ['number'];
const NUMBERS: readonly Kind[] = ['number', 'number'];
const MASKS: readonly Kind[] = ['mask', 'mask'];

/** The operations of a graph that kernels know by the same name, and what they take. */
const INPUTS: Readonly<Partial<Record<string, readonly Kind[]>>> = {
  Add: NUMBERS,
  Sub: NUMBERS,
  Mul: NUMBERS,
  Div: NUMBERS,
  Min: NUMBERS,
  Max: NUMBERS,
  Abs: NUMBER,
  Neg: NUMBER,
  Sqrt: NUMBER,
  Reciprocal: NUMBER,
  Relu: NUMBER,
  Sign: NUMBER,
  Clip: ['number', 'number', 'number'],
  Greater: NUMBERS,
  GreaterOrEqual: NUMBERS,
  Less: NUMBERS,
  LessOrEqual: NUMBERS,
  Equal: NUMBERS,
  Not: ['mask'],
  And: MASKS,
  Or: MASKS,
  Where: ['mask', 'number', 'number'],
};

/** The operator of kernels that computes a value, undefined if there is none. */
export function operatorOf({ node, op, inputs, dtype }: Value): Operator | undefined {
  const kinds = inputs.map(kindOf);
  if (node.domain !== '') return undefined;
  if (op === 'Cast') {
    if (kinds[0] === 'mask' && dtype === 'float32') return 'FromMask';
    return kinds[0] === 'number' && dtype === 'bool' ? 'ToMask' : undefined;
  }
  const expected = INPUTS[op];
  const fits = expected?.length === kinds.length && expected.every((kind, i) => kind === kinds[i]);
  return fits ? (op as Operator) : undefined;
}

function kindOf({ dtype }: Value): Kind | undefined {
  if (dtype === 'float32') return 'number';
  return dtype === 'bool' ? 'mask' : undefined;
}

/** The value below changes of shape, and below the repetition of one element. */
export function unshaped(value: Value): Value {
  let plain = value;
  while (plain.op === 'Reshape' || (plain.op === 'Expand' && plain.inputs[0]!.size === 1)) plain = plain.inputs[0]!;
  return plain;
}

/** What a value is computed of, tensors first where the order does not count, as it may differ between equal programs. */
export function inputsOf(value: Value): Value[] {
  const inputs = value.inputs.map(unshaped);
  const rank = ({ op, size }: Value): number => (op === 'Splat' ? 2 : size === value.size ? 0 : 1);
  return COMMUTATIVE.has(value.op) ? inputs.sort((a, b) => rank(a) - rank(b)) : inputs;
}

const COMMUTATIVE: ReadonlySet<string> = new Set(['Add', 'Mul', 'Min', 'Max', 'And', 'Or', 'Equal']);

/** Which values below the new state kernels can compute. */
export class Elementwise {
  /** The same everywhere, and known before the step: constants, numbers of the host, and arithmetic on them. */
  private readonly numbers = new Set<Value>();
  /** Depends on old state of its own size, element by element. */
  private readonly stateful = new Set<Value>();
  private readonly computed = new Set<Value>();
  private readonly before: ReadonlySet<Value>;

  constructor(states: readonly WrittenState[]) {
    this.before = new Set(states.map(({ before }) => before));
    for (const { outputs } of nodesBelow(states.map(({ after }) => after))) {
      for (const value of outputs) this.look(value);
    }
  }

  isState(value: Value): boolean {
    return this.before.has(value);
  }

  /** Whether its elements come from those of old state. */
  dependsOnState(value: Value): boolean {
    return this.stateful.has(value);
  }

  /**
   * Whether kernels read the value, rather than compute it. They compute what they know the operation of, if that spares
   * traffic of memory: numbers, what depends on state, and what is made of no more than one other value of its size.
   */
  isOperand(value: Value): boolean {
    return this.numbers.has(value) ? value.op === 'Input' : !this.computed.has(value);
  }

  /** Where values are looked at after their inputs. */
  private look(value: Value): void {
    const { op, size, dtype } = value;
    if (this.before.has(value)) {
      if (dtype === 'float32') this.stateful.add(value);
      return;
    }
    if (dtype === 'float32' && (op === 'Splat' || (op === 'Input' && size === 1))) {
      this.numbers.add(value);
      return;
    }
    // what only changes the shape is never asked about
    if (operatorOf(value) === undefined) return;
    const inputs = inputsOf(value);
    if (inputs.every((input) => this.numbers.has(input))) {
      this.numbers.add(value);
      return;
    }
    const others = inputs.filter((input) => !this.numbers.has(input));
    const readable = (input: Value): boolean =>
      (input.size === size || input.size === 1) && (input.dtype === 'float32' || this.computed.has(input));
    if (!others.every(readable)) return;
    const tensors = new Set(others.filter((input) => input.size === size));
    const stateful = [...tensors].some((input) => this.stateful.has(input));
    if (stateful) this.stateful.add(value);
    if (stateful || tensors.size === 1) this.computed.add(value);
  }
}
