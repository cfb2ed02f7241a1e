import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/** [batch, ...spatial, channels] to [batch, channels, ...spatial]. */
export function channelsFirst(g: Builder, x: Value): Value {
  const last = x.shape.length - 1;
  return g.transpose(x, [0, last, ...spatialAxes(x, 1)]);
}

/** [batch, channels, ...spatial] to [batch, ...spatial, channels]. */
export function channelsLast(g: Builder, x: Value): Value {
  return g.transpose(x, [0, ...spatialAxes(x, 2), 1]);
}

/** [batch, channels, ...spatial] to [channels, batch, ...spatial]. */
export function channelsOutermost(g: Builder, x: Value): Value {
  return g.transpose(x, [1, 0, ...spatialAxes(x, 2)]);
}

/**
 * The value in the layout that it has here, whatever is done with it later. Where something was computed channels last, this
 * keeps what follows, and all that it meets there, from being computed channels last as well: in a network of convolutions
 * that were five transpositions a pooling layer instead of one, and sums over rows, which are slow on two threads.
 */
export function settled(g: Builder, x: Value): Value {
  return g.op('Identity', [x], {}, x.shape, x.dtype);
}

function spatialAxes({ shape }: Value, first: number): number[] {
  return Array.from({ length: shape.length - 2 }, (_, i) => first + i);
}

/** A filter of tfjs, [...kernel, in, out], as ONNX wants it: [out, in, ...kernel]. */
export function filterChannelsFirst(g: Builder, filter: Value): Value {
  const rank = filter.shape.length;
  return g.transpose(filter, [rank - 1, rank - 2, ...Array.from({ length: rank - 2 }, (_, i) => i)]);
}

/** A filter of tfjs, [...kernel, in, out], turned around along all axes of its kernel: one axis, once they are joined. */
export function turnedAround(g: Builder, filter: Value): Value {
  const [inner, outer] = filter.shape.slice(-2) as [number, number];
  const places = g.reshape(filter, [filter.size / (inner * outer), inner, outer]);
  return g.reshape(g.reverse(places, 0), filter.shape);
}
