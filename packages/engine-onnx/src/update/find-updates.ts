import type { Value } from '../graph/value.js';
import { Elementwise, inputsOf, unshaped } from './elementwise.js';
import type { WrittenState } from './elementwise.js';
import { buildProgram, isTensor } from './program-builder.js';
import type { BoundProgram, Operand } from './program-builder.js';
import { programKey } from './program.js';
import type { UpdateProgram } from './program.js';

/** The tensors that a program works on, one call for each set of them. */
export interface UpdateKernel {
  readonly program: UpdateProgram;
  readonly calls: readonly UpdateCall[];
}

export type UpdateCall = Omit<BoundProgram, 'program'>;

/** How the state that a step writes gets its new values. */
export interface UpdatePlan {
  readonly kernels: readonly UpdateKernel[];
  /**
   * What must stand in memory as float32 before kernels run: results of ONNX Runtime, or `Input`s (numbers of the host,
   * old values of other state), which may stand where they are fed from, since kernels overwrite none of them.
   */
  readonly operands: readonly Value[];
  /** The states that kernels write, in place. ONNX Runtime need not compute their new values, unless others need them. */
  readonly written: readonly string[];
  /** The states that ONNX Runtime computes. */
  readonly rest: readonly string[];
}

/** More streams of memory than this are faster left to ONNX Runtime, and a longer program has something else in it. */
const MAX_OPERANDS = 8;
const MAX_INSTRUCTIONS = 128;

/**
 * Finds new values that are elementwise in their old ones, in other tensors of the size and in scalars. States that read
 * each other, or the same gradient, are written by one program, which reads each tensor once; programs that differ in
 * their tensors alone are one kernel.
 *
 * All kernels run after ONNX Runtime, in any order: what a kernel writes, no other one reads.
 *
 * @param states in an order that is the same for each parameter, so that equal programs are found to be equal.
 */
export function findUpdates(states: readonly WrittenState[]): UpdatePlan {
  const elementwise = new Elementwise(states);
  const found = states.flatMap((state) => coneOf(state, elementwise) ?? []);
  // such a state is read by kernels of other lengths, which may run after one that overwrites it
  const scalars = new Set(found.flatMap((cone) => cone.scalars));
  const cones = found.filter(({ state }) => !scalars.has(state.before));
  const kernels = new Map<string, { program: UpdateProgram; calls: UpdateCall[] }>();
  for (const group of groupsOf(cones)) {
    const { program, ...call } = buildProgram(group, elementwise);
    const key = programKey(program);
    const kernel = kernels.get(key) ?? { program, calls: [] };
    kernel.calls.push(call);
    kernels.set(key, kernel);
  }
  const written = new Set(cones.map(({ state }) => state.name));
  const all = [...kernels.values()];
  return {
    kernels: all,
    operands: [...new Set(all.flatMap(({ calls }) => calls.flatMap(({ operands }) => operands.flatMap(valueOf))))],
    written: [...written],
    rest: states.map(({ name }) => name).filter((name) => !written.has(name)),
  };
}

function valueOf(operand: Operand): readonly Value[] {
  return operand.kind === 'value' ? [operand.value] : [];
}

/** A state with the tensors that its new value is computed of. */
interface Cone {
  readonly state: WrittenState;
  readonly tensors: readonly Value[];
  /** Old values of states of one element that it reads, where it has more. */
  readonly scalars: readonly Value[];
}

/** Undefined if kernels shall not write the state. */
function coneOf(state: WrittenState, elementwise: Elementwise): Cone | undefined {
  const { before, after } = state;
  const root = unshaped(after);
  const length = before.size;
  // what does not depend on old state is computed as well by ONNX Runtime, which writes it where it shall be
  if (before.dtype !== 'float32' || root.size !== length || !elementwise.dependsOnState(root)) return undefined;
  if (elementwise.isOperand(root)) return undefined;
  const seen = new Set([root]);
  const operands: Value[] = [];
  // a set can grow while it is walked
  for (const value of seen) {
    if (elementwise.isOperand(value)) operands.push(value);
    else for (const input of inputsOf(value)) seen.add(input);
    if (seen.size > MAX_INSTRUCTIONS) return undefined;
  }
  const tensors = operands.filter((value) => isTensor(value, length, elementwise));
  if (tensors.filter((value) => !elementwise.isState(value)).length > MAX_OPERANDS) return undefined;
  const scalars = operands.filter((value) => elementwise.isState(value) && !tensors.includes(value));
  return { state, tensors, scalars };
}

/** States that are connected by tensors, in the order of the first of each. */
function groupsOf(cones: readonly Cone[]): WrittenState[][] {
  const groups = new Set<{ cones: Cone[]; tensors: Set<Value> }>();
  const groupOf = new Map<Value, { cones: Cone[]; tensors: Set<Value> }>();
  for (const cone of cones) {
    const tensors = new Set([cone.state.before, ...cone.tensors]);
    const joined = new Set([...tensors].flatMap((tensor) => groupOf.get(tensor) ?? []));
    const [group = { cones: [], tensors: new Set<Value>() }, ...others] = joined;
    for (const other of others) {
      group.cones.push(...other.cones);
      for (const tensor of other.tensors) tensors.add(tensor);
      groups.delete(other);
    }
    group.cones.push(cone);
    groups.add(group);
    for (const tensor of tensors) {
      group.tensors.add(tensor);
      groupOf.set(tensor, group);
    }
  }
  const order = new Map(cones.map(({ state }, i) => [state, i]));
  return [...groups].map(({ cones: members }) =>
    members.map(({ state }) => state).sort((a, b) => order.get(a)! - order.get(b)!),
  );
}
