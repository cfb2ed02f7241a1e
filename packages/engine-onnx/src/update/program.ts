/** What is computed of one element: float32 numbers, and masks, which are true or false. */
export type Operator =
  | 'Add'
  | 'Sub'
  | 'Mul'
  | 'Div'
  | 'Min'
  | 'Max'
  | 'Abs'
  | 'Neg'
  | 'Sqrt'
  | 'Reciprocal'
  | 'Relu'
  | 'Sign'
  | 'Clip'
  | 'Greater'
  | 'GreaterOrEqual'
  | 'Less'
  | 'LessOrEqual'
  | 'Equal'
  | 'Not'
  | 'And'
  | 'Or'
  | 'Where'
  /** A mask to 1 and 0. */
  | 'FromMask'
  /** A number to whether it is not 0. */
  | 'ToMask';

/** A register is an operand's number, or the number of operands plus that of an instruction. */
export type Register = number;

export type Instruction = {
  /** Whether it is the same for all elements, so that it is computed once for each tensor. */
  readonly uniform: boolean;
} & (
  | { readonly operator: 'Constant'; readonly value: number }
  | { readonly operator: Operator; readonly inputs: readonly Register[] }
);

/**
 * The update of some tensors of one size, element by element: all tensors are read, then all results are written over
 * theirs. So a result never disturbs what another one reads.
 */
export interface UpdateProgram {
  /** A tensor has as many elements as the others, a scalar has one. */
  readonly operands: readonly ('tensor' | 'scalar')[];
  /** In an order in which they can be computed. */
  readonly instructions: readonly Instruction[];
  readonly results: readonly { readonly operand: number; readonly value: Register }[];
}

/** A text that is the same for equal programs. */
export function programKey(program: UpdateProgram): string {
  // JSON has neither -0 nor what is not finite
  return JSON.stringify(program, (_, value: unknown) =>
    typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))
      ? value === 0
        ? '-0'
        : `${value}`
      : value,
  );
}
