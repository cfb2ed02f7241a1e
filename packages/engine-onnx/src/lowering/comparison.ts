import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import type { Lowering, Lowerings } from './lowering.js';
import { countable, select, upcast } from './numbers.js';

/** Two tensors in the wider of their types. */
function compared(g: Builder, op: string, a: Value, b: Value): Value {
  const type = upcast(a.dtype, b.dtype);
  const of = (x: Value): Value => countable(g, g.cast(x, type));
  return g.binary(op, of(a), of(b), 'bool');
}

function comparison(op: string): Lowering {
  return (g, { a, b }) => compared(g, op, a!, b!);
}

function logic(op: string): Lowering {
  return (g, { a, b }) => g.binary(op, g.cast(a!, 'bool'), g.cast(b!, 'bool'), 'bool');
}

export const comparisonLowerings: Lowerings = {
  Equal: comparison('Equal'),
  NotEqual: (g, { a, b }) => g.unary('Not', compared(g, 'Equal', a!, b!), { dtype: 'bool' }),
  Greater: comparison('Greater'),
  GreaterEqual: comparison('GreaterOrEqual'),
  Less: comparison('Less'),
  LessEqual: comparison('LessOrEqual'),
  LogicalAnd: logic('And'),
  LogicalOr: logic('Or'),
  /**
   * A condition of rank 1 chooses along the first axis. A product with the mask takes 0.36 instead of 0.44 ms for
   * 512K elements, but would let NaN through that was not chosen.
   */
  Select: (g, { condition, t, e }) => {
    const type = upcast(t!.dtype, e!.dtype);
    // tfjs hands over a condition of one element then, which no shape of nothing fits
    if (sizeOf(t!.shape) === 0) return g.cast(t!, type);
    const rows = condition!.shape.length === 1 ? t!.shape.map((length, i) => (i === 0 ? length : 1)) : condition!.shape;
    const chosen = g.reshape(g.cast(condition!, 'bool'), rows);
    return select(g, chosen, g.cast(t!, type), g.cast(e!, type));
  },
};
