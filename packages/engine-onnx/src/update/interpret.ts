import type { Operator, UpdateProgram } from './program.js';

/** Masks are 1 and 0. */
const OPERATORS: Readonly<Record<Operator, (...inputs: [number, number, number]) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Min: (a, b) => Math.min(a, b),
  Max: (a, b) => Math.max(a, b),
  Abs: (x) => Math.abs(x),
  Neg: (x) => -x,
  Sqrt: (x) => Math.sqrt(x),
  Reciprocal: (x) => 1 / x,
  Relu: (x) => (x < 0 ? 0 : x),
  Sign: (x) => Math.sign(x) + 0,
  Clip: (x, low, high) => {
    const raised = x < low ? low : x;
    return raised > high ? high : raised;
  },
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  Equal: (a, b) => Number(a === b),
  Not: (mask) => 1 - mask,
  And: (a, b) => a * b,
  Or: (a, b) => Math.max(a, b),
  Where: (mask, a, b) => (mask === 1 ? a : b),
  FromMask: (mask) => mask,
  ToMask: (x) => Number(x !== 0),
};

/**
 * Does what a kernel does, slowly: the meaning of a program in plain JavaScript. Sums, products, quotients and roots of
 * float32 numbers in float64 and then rounded are those of float32 arithmetic.
 *
 * @param operands of equal length; scalars of length 1. Results are written over those that the program names.
 */
export function interpret({ operands, instructions, results }: UpdateProgram, arrays: readonly Float32Array[]): void {
  const length = results.length === 0 ? 0 : arrays[results[0]!.operand]!.length;
  for (let i = 0; i < length; i++) {
    const registers = operands.map((kind, k) => arrays[k]![kind === 'scalar' ? 0 : i]!);
    for (const instruction of instructions) {
      if (instruction.operator === 'Constant') registers.push(Math.fround(instruction.value));
      else {
        const [a = NaN, b = NaN, c = NaN] = instruction.inputs.map((register) => registers[register]!);
        registers.push(Math.fround(OPERATORS[instruction.operator](a, b, c)));
      }
    }
    for (const { operand, value } of results) arrays[operand]![i] = registers[value]!;
  }
}
