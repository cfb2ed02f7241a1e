import type { Builder } from '../graph/builder.js';
import { sizeOf } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import { atPlace, placesIn, seen } from './geometry.js';
import type { Geometry } from './geometry.js';
import { channelsLast, channelsOutermost } from './layout.js';

/**
 * The gradient of a filter, [...kernel, in, out] as tfjs has it, of x [batch, in, ...input] and dy [batch, out, ...output]:
 * for each place in the window the product of what stands there, [in, windows], and dy, [windows, out]. These products
 * took 0.2 to 0.5 of the time of the textbook's convolution with swapped axes.
 *
 * @param layout in which x is cut: `channels-last` (contiguous runs of channels), `channels-outermost`, `concatenated`,
 * which is that with one product for all places, or `each-image`, a product for each image and their sum.
 */
export function filterGradient(
  g: Builder,
  x: Value,
  dy: Value,
  geometry: Geometry,
  layout: FilterGradientLayout,
): Value {
  const { kernel, batch, inChannels, outChannels, output } = geometry;
  const windows = batch * sizeOf(output);
  const places = placesIn(kernel);
  const shape = [...kernel, inChannels, outChannels];

  if (layout === 'channels-last') {
    const source = seen(g, channelsLast(g, x), geometry, 1);
    const gradient = g.reshape(channelsLast(g, dy), [windows, outChannels]);
    const cut = (place: number[]): Value => g.reshape(atPlace(g, source, geometry, place, 1), [windows, inChannels]);
    const products = places.map((place) => g.matmul(cut(place), gradient, true, false));
    return g.reshape(g.concat(products, 0), shape);
  }

  if (layout === 'each-image') {
    const source = seen(g, x, geometry, 2);
    const gradient = g.reshape(dy, [batch, outChannels, sizeOf(output)]);
    const cut = (place: number[]): Value =>
      g.reshape(atPlace(g, source, geometry, place, 2), [batch, inChannels, sizeOf(output)]);
    const products = places.map((place) => g.sum(g.matmul(cut(place), gradient, false, true), [0], false));
    return g.reshape(g.concat(products, 0), shape);
  }

  const source = seen(g, channelsOutermost(g, x), geometry, 2);
  const gradient = g.reshape(channelsOutermost(g, dy), [outChannels, windows]);
  const cuts = places.map((place) => g.reshape(atPlace(g, source, geometry, place, 2), [inChannels, windows]));
  const product = (cut: Value): Value => g.matmul(cut, gradient, false, true);
  return g.reshape(layout === 'concatenated' ? product(g.concat(cuts, 0)) : g.concat(cuts.map(product), 0), shape);
}

export type FilterGradientLayout = 'channels-last' | 'channels-outermost' | 'concatenated' | 'each-image';
