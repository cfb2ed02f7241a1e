import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import type { ConvolutionChoices } from './convolution-choices.js';
import { flipsFilter } from './convolution-choices.js';
import { convolve, convolveTransposed } from './convolve.js';
import { adjointGeometry } from './geometry.js';
import type { Geometry } from './geometry.js';
import { filterChannelsFirst, turnedAround } from './layout.js';

/** The gradient of the input, [batch, in, ...input], of dy [batch, out, ...output] and the filter as tfjs has it. */
export function inputGradient(
  g: Builder,
  dy: Value,
  filter: Value,
  geometry: Geometry,
  choices: ConvolutionChoices,
): Value {
  if (!flipsFilter(geometry, choices)) return convolveTransposed(g, dy, filterChannelsFirst(g, filter), geometry);
  return convolve(g, dy, flipped(g, filter), adjointGeometry(geometry));
}

/** [...kernel, in, out] to [in, out, ...kernel], with the kernel turned around. */
function flipped(g: Builder, filter: Value): Value {
  const rank = filter.shape.length;
  const spatial = Array.from({ length: rank - 2 }, (_, i) => i);
  return g.transpose(turnedAround(g, filter), [rank - 2, rank - 1, ...spatial]);
}
