import { NotCompilableError } from '@x/trainer-core/compiled';

import type { Builder } from '../graph/builder.js';
import type { DType, Value } from '../graph/value.js';

/** The attributes of a tfjs kernel, as tfjs types them per kernel (`Conv2DAttrs`, ...). */
export type KernelAttributes = Readonly<Record<string, unknown>>;

/**
 * What a tfjs kernel computes, as values of a graph. Inputs by tfjs's names; a kernel with a list of inputs (`Concat`,
 * `AddN`) has them under '0', '1', ... in their order; optional inputs that were left out are absent.
 *
 * @throws NoLoweringError for options that have no counterpart.
 */
export type Lowering = (
  g: Builder,
  inputs: Readonly<Record<string, Value>>,
  attributes: KernelAttributes,
) => Value | readonly Value[];

/** Lowerings by tfjs's kernel name. */
export type Lowerings = Readonly<Record<string, Lowering>>;

/** A kernel, or options of one, that the compiled step cannot have. */
export const NoLoweringError: typeof NotCompilableError = NotCompilableError;

/** The type of a graph for one of tfjs. */
export function graphType(dtype: string): DType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new NoLoweringError(`tensors of type ${dtype} cannot be compiled`);
}
