import type { Value } from '../graph/value.js';
import { nodesBelow } from '../graph/walk.js';

/** Which values have one user. What has others must be computed anyway: taking it into something larger saves nothing. */
export class Uses {
  private readonly counts = new Map<Value, number>();

  constructor(roots: readonly Value[]) {
    for (const value of [...nodesBelow(roots).flatMap(({ inputs }) => inputs), ...roots]) {
      this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    }
  }

  once(value: Value): boolean {
    return this.counts.get(value) === 1;
  }

  /** The value below reshapes, if it and they are used once. */
  unshaped(value: Value): Value | undefined {
    let below = value;
    while (below.op === 'Reshape' && this.once(below)) below = below.inputs[0]!;
    return this.once(below) ? below : undefined;
  }
}

/** Whether it is a product of two matrices without a bias. */
export function isProduct({ op, inputs }: Value): boolean {
  return op === 'Gemm' && inputs.length === 2;
}

/** The value below reshapes. */
export function unshaped(value: Value): Value {
  let below = value;
  while (below.op === 'Reshape') below = below.inputs[0]!;
  return below;
}
