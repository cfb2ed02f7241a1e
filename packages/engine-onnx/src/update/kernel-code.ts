import { block, branch, branchIf, get, I32, i32, i32Load, loop, moduleOf, op, set, V128, v128 } from './assembler.js';
import type { Code } from './assembler.js';
import type { Instruction, Operator, Register, UpdateProgram } from './program.js';

/** The name of the exported function: `run(row, end)`, see {@link kernelCode}. */
export const ENTRY = 'run';

/** How many bytes of each tensor a kernel takes at a time. Two or four times as many gained 2 % at most (Adam). */
export const STEP_BYTES = 16;

/** The bytes of a row of a kernel's table. */
export function rowBytes(program: UpdateProgram): number {
  return 4 * (1 + program.operands.length);
}

type Emit = (...inputs: readonly [Code, Code, Code]) => Code;

const ZERO = v128.float(0);
const ONE = v128.float(1);
const unary =
  (code: Code): Emit =>
  (x) => [...x, ...code];
const binary =
  (code: Code): Emit =>
  (a, b) => [...a, ...b, ...code];

/** Masks are all bits or none of an element. */
const OPERATORS: Readonly<Record<Operator, Emit>> = {
  Add: binary(v128.add),
  Sub: binary(v128.sub),
  Mul: binary(v128.mul),
  Div: binary(v128.div),
  Min: binary(v128.min),
  Max: binary(v128.max),
  Abs: unary(v128.abs),
  Neg: unary(v128.neg),
  Sqrt: unary(v128.sqrt),
  Reciprocal: (x) => [...ONE, ...x, ...v128.div],
  // these keep NaN of the first as they stand
  Relu: (x) => [...x, ...ZERO, ...v128.pmax],
  Clip: (x, low, high) => [...x, ...low, ...v128.pmax, ...high, ...v128.pmin],
  // 1 with the sign of x, nothing where x is 0, NaN (all bits) where it is NaN
  Sign: (x) => [
    ...[...x, ...v128.float(-0), ...v128.and, ...ONE, ...v128.or],
    ...[...x, ...ZERO, ...v128.ne, ...v128.and],
    ...[...x, ...x, ...v128.ne, ...v128.or],
  ],
  Greater: binary(v128.gt),
  GreaterOrEqual: binary(v128.ge),
  Less: binary(v128.lt),
  LessOrEqual: binary(v128.le),
  Equal: binary(v128.eq),
  Not: unary(v128.not),
  And: binary(v128.and),
  Or: binary(v128.or),
  Where: (mask, a, b) => [...a, ...b, ...mask, ...v128.select],
  FromMask: (mask) => [...mask, ...ONE, ...v128.and],
  ToMask: (x) => [...x, ...ZERO, ...v128.ne],
};

/**
 * A WebAssembly module that runs a program on tensors in its memory. Its function takes the addresses of the first row of a
 * table and of the end of the last one. A row is for one set of tensors; it has, as 32-bit numbers, the bytes of each
 * tensor (a multiple of {@link STEP_BYTES}, not 0), and the address of each operand.
 *
 * What stands behind a tensor's last element, up to that multiple, is read and written like the rest.
 */
export function kernelCode(program: UpdateProgram): Uint8Array {
  const { operands, instructions, results } = program;
  const [row, end, bytes, offset] = [0, 1, 2, 3];
  const addressOf = (operand: number): number => 4 + operand;
  const registerOf = (register: Register): number => 4 + operands.length + register;
  const ofKind = (kind: 'tensor' | 'scalar'): number[] =>
    operands.flatMap((of, operand) => (of === kind ? [operand] : []));
  const tensors = ofKind('tensor');
  const read = new Set(instructions.flatMap((instruction) => inputsOf(instruction)));

  const field = (index: number): Code => [...get(row), ...i32Load(4 * index)];
  const compute = (uniform: boolean): Code =>
    instructions.flatMap((instruction, i) =>
      instruction.uniform === uniform
        ? [...valueOf(instruction, registerOf), ...set(registerOf(operands.length + i))]
        : [],
    );
  const place = (operand: number): Code => [...get(addressOf(operand)), ...get(offset), op.i32Add];

  const beforeElements: Code = [
    ...[...field(0), ...set(bytes)],
    ...tensors.flatMap((operand) => [...field(1 + operand), ...set(addressOf(operand))]),
    ...ofKind('scalar').flatMap((operand) => [
      ...field(1 + operand),
      ...v128.loadSplat(0),
      ...set(registerOf(operand)),
    ]),
    ...compute(true),
    ...[...i32(0), ...set(offset)],
  ];
  const elements: Code = loop([
    ...tensors
      .filter((operand) => read.has(operand))
      .flatMap((operand) => [...place(operand), ...v128.load(0), ...set(registerOf(operand))]),
    ...compute(false),
    ...results.flatMap(({ operand, value }) => [...place(operand), ...get(registerOf(value)), ...v128.store(0)]),
    ...[...get(offset), ...i32(STEP_BYTES), op.i32Add, ...set(offset)],
    ...[...get(offset), ...get(bytes), op.i32LessThanUnsigned, ...branchIf(0)],
  ]);
  const rows: Code = block(
    loop([
      ...[...get(row), ...get(end), op.i32GreaterOrEqualUnsigned, ...branchIf(1)],
      ...beforeElements,
      ...elements,
      ...[...get(row), ...i32(rowBytes(program)), op.i32Add, ...set(row)],
      ...branch(0),
    ]),
  );
  return moduleOf({
    name: ENTRY,
    parameters: 2,
    locals: [
      [2 + operands.length, I32],
      [operands.length + instructions.length, V128],
    ],
    body: rows,
  });
}

function inputsOf(instruction: Instruction): readonly Register[] {
  return instruction.operator === 'Constant' ? [] : instruction.inputs;
}

function valueOf(instruction: Instruction, registerOf: (register: Register) => number): Code {
  if (instruction.operator === 'Constant') return v128.float(instruction.value);
  const [a = [], b = [], c = []] = instruction.inputs.map((register) => get(registerOf(register)));
  return OPERATORS[instruction.operator](a, b, c);
}
