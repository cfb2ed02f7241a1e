import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { operatorPads, seen, unseen } from './geometry.js';
import type { Geometry } from './geometry.js';

/** What a convolution may have besides its arguments. */
export interface ConvolveOptions {
  /** Groups of channels that see one another alone. Default 1. */
  readonly group?: number;
  /** One number a channel of the output. */
  readonly bias?: Value | undefined;
}

/** x [batch, in, ...input], filter [out, in / group, ...kernel] to [batch, out, ...output]. */
export function convolve(
  g: Builder,
  x: Value,
  filter: Value,
  geometry: Geometry,
  { group = 1, bias }: ConvolveOptions = {},
): Value {
  const pads = operatorPads(geometry);
  const source = pads === undefined ? seen(g, x, geometry, 2) : x;
  const inputs = bias === undefined ? [source, filter] : [source, filter, bias];
  const shape = [geometry.batch, filter.shape[0]!, ...geometry.output];
  return g.op('Conv', inputs, windowAttributes(geometry, group, pads), shape);
}

/** The adjoint of {@link convolve}: dy [batch, out, ...output] to [batch, in, ...input]. */
export function convolveTransposed(g: Builder, dy: Value, filter: Value, geometry: Geometry, group = 1): Value {
  const { batch, inChannels, input, before, after } = geometry;
  const pads = operatorPads(geometry);
  if (pads !== undefined) {
    const attributes = {
      ...windowAttributes(geometry, group, pads),
      output_padding: after.map((pad) => Math.max(0, -pad)),
    };
    return g.op('ConvTranspose', [dy, filter], attributes, [batch, inChannels, ...input]);
  }
  const reach = input.map((length, i) => before[i]! + length + after[i]!);
  const everything = [batch, inChannels, ...reach];
  return unseen(g, g.op('ConvTranspose', [dy, filter], windowAttributes(geometry, group), everything), geometry, 2);
}

function windowAttributes(
  { kernel, strides, dilations }: Geometry,
  group: number,
  pads: readonly number[] = [...kernel, ...kernel].map(() => 0),
): Record<string, number | readonly number[]> {
  return { kernel_shape: kernel, strides, dilations, pads, group };
}
