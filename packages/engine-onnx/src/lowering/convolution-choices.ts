import { sizeOf } from '../graph/value.js';
import type { FilterGradientLayout } from './filter-gradient.js';
import type { Geometry } from './geometry.js';

/**
 * Which of several equal forms a convolution takes. Each is faster for some shapes alone; off, the form that is never bad
 * stands everywhere. Times are milliseconds of one core, the least of interleaved runs, filters 3x3 unless said.
 */
export interface ConvolutionChoices {
  /**
   * Filter gradients from slices of channels-last values, where a row is short or has a stride, so that slices of it are
   * small pieces. Batch 32: 128 to 128 channels on 8x8 took 7.0 instead of 8.8, 16 to 32 with stride 2 on 16x16 0.42 instead
   * of 0.95. Of long rows they lose: 32 to 32 on 28x28, batch 16, 3.8 instead of 3.3.
   */
  readonly channelsLastFilterGradient: boolean;

  /**
   * Not so for few channels on several threads: transposing them, the threads write to the same lines of the cache (16
   * channels of 28x28, batch 32: 0.58 ms on two threads, 0.20 on one). A step of a convolutional network on two took 6.3 ms
   * instead of 6.7.
   */
  readonly fewChannelsOutermost: boolean;

  /**
   * Filter gradients of less than 8 channels by one product, since a product of so few rows is all overhead. Batch 32: 3 to
   * 32 channels on 32x32 took 1.2 instead of 2.4.
   */
  readonly concatenatedFilterGradient: boolean;

  /**
   * Filter gradients of 1x1 filters as a product for each image and a sum of those, which transposes nothing. Batch 32: 64
   * to 128 channels on 16x16 took 1.4 instead of 1.9. Not where the products are larger than what would be transposed:
   * 256 to 256 on 4x4 took 0.93 instead of 0.72.
   */
  readonly pointwiseFilterGradient: boolean;

  /**
   * Input gradients by convolution with the flipped filter, where the stride is 1 and the input has no fewer channels than
   * the output: it unfolds dy, and ConvTranspose folds the larger result. Batch 32: 64 to 16 channels on 16x16 took 1.9
   * instead of 3.6, 16 to 64 would take 3.1 instead of 2.2. A 1x1 filter unfolds nothing: 64 to 128 took 1.6 instead of 1.9.
   */
  readonly flippedInputGradient: boolean;
}

export const fastestConvolutions: ConvolutionChoices = {
  channelsLastFilterGradient: true,
  fewChannelsOutermost: true,
  concatenatedFilterGradient: true,
  pointwiseFilterGradient: true,
  flippedInputGradient: true,
};

/** A row of fewer elements is short. */
const LONG_ROW = 24;

/** Fewer do not fill two lines of the cache. */
const FEW_CHANNELS = 32;

export function filterGradientLayout(geometry: Geometry, choices: ConvolutionChoices): FilterGradientLayout {
  const { kernel, strides, inChannels, outChannels, output } = geometry;
  if (choices.pointwiseFilterGradient && isPointwise(geometry)) {
    const transposed = sizeOf(output) * (inChannels + outChannels);
    if (inChannels * outChannels <= transposed) return 'each-image';
  }
  if (choices.concatenatedFilterGradient && inChannels < 8 && sizeOf(kernel) > 1) return 'concatenated';
  const small = output.at(-1)! < LONG_ROW || strides.some((stride) => stride > 1);
  const few = choices.fewChannelsOutermost && inChannels < FEW_CHANNELS;
  return choices.channelsLastFilterGradient && small && !few ? 'channels-last' : 'channels-outermost';
}

export function flipsFilter(geometry: Geometry, choices: ConvolutionChoices): boolean {
  const { strides, inChannels, outChannels } = geometry;
  const unfoldsLess = inChannels >= outChannels || isPointwise(geometry);
  return choices.flippedInputGradient && unfoldsLess && strides.every((stride) => stride === 1);
}

/** Whether every element is a window of its own. */
function isPointwise({ kernel, strides, before, after }: Geometry): boolean {
  return sizeOf([...kernel, ...strides]) === 1 && [...before, ...after].every((pad) => pad === 0);
}
