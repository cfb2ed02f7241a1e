import type { Value } from '../graph/value.js';
import { inputsOf, operatorOf, unshaped } from './elementwise.js';
import type { Elementwise, WrittenState } from './elementwise.js';
import type { Instruction, Register, UpdateProgram } from './program.js';

/** What stands where a kernel reads: a state that it also writes, or what is computed or fed before it runs. */
export type Operand =
  { readonly kind: 'state'; readonly name: string } | { readonly kind: 'value'; readonly value: Value };

/** A program, and what it is to work on. */
export interface BoundProgram {
  readonly program: UpdateProgram;
  /** The number of elements of each of its tensors. */
  readonly length: number;
  /** In the order of the program's. */
  readonly operands: readonly Operand[];
}

/**
 * The program that writes the new values of states of one size.
 *
 * @param states each of which is computed by kernels.
 */
export function buildProgram(states: readonly WrittenState[], elementwise: Elementwise): BoundProgram {
  const length = states[0]!.before.size;
  const plan = new OperandList(states, length, elementwise);
  for (const { after } of states) plan.collect(unshaped(after));
  for (const { before } of states) plan.register(before, 'tensor');

  const instructions: Instruction[] = [];
  const registers = plan.registers;
  const push = (instruction: Instruction): Register => plan.kinds.length + instructions.push(instruction) - 1;
  const isUniform = (register: Register): boolean =>
    register < plan.kinds.length
      ? plan.kinds[register] === 'scalar'
      : instructions[register - plan.kinds.length]!.uniform;

  const compute = (value: Value): Register => {
    const known = registers.get(value);
    if (known !== undefined) return known;
    let register: Register;
    if (value.op === 'Splat') {
      register = push({ uniform: true, operator: 'Constant', value: numberOf(value) });
    } else {
      const inputs = inputsOf(value).map(compute);
      register = push({ uniform: inputs.every(isUniform), operator: operatorOf(value)!, inputs });
    }
    registers.set(value, register);
    return register;
  };

  const results = states.map(({ before, after }) => ({
    operand: registers.get(before)!,
    value: compute(unshaped(after)),
  }));
  return { program: { operands: plan.kinds, instructions, results }, length, operands: plan.operands };
}

/** The operands in the order in which they are met, which is the same for programs that are the same. */
class OperandList {
  readonly kinds: ('tensor' | 'scalar')[] = [];
  readonly operands: Operand[] = [];
  readonly registers = new Map<Value, Register>();
  private readonly names: ReadonlyMap<Value, string>;
  private readonly seen = new Set<Value>();

  constructor(
    states: readonly WrittenState[],
    private readonly length: number,
    private readonly elementwise: Elementwise,
  ) {
    this.names = new Map(states.map(({ before, name }) => [before, name]));
  }

  collect(value: Value): void {
    if (this.seen.has(value)) return;
    this.seen.add(value);
    if (!this.elementwise.isOperand(value)) for (const input of inputsOf(value)) this.collect(input);
    else this.register(value, isTensor(value, this.length, this.elementwise) ? 'tensor' : 'scalar');
  }

  register(value: Value, kind: 'tensor' | 'scalar'): void {
    if (this.registers.has(value)) return;
    this.registers.set(value, this.kinds.length);
    this.kinds.push(kind);
    const name = this.names.get(value);
    this.operands.push(name === undefined ? { kind: 'value', value } : { kind: 'state', name });
  }
}

/** Whether an operand has an element for each of the state. Where that has one element, only state counts as tensors. */
export function isTensor(value: Value, length: number, elementwise: Elementwise): boolean {
  return value.size === length && (length > 1 || elementwise.isState(value));
}

function numberOf({ attributes }: Value): number {
  return (attributes['value'] as { float: number }).float;
}
