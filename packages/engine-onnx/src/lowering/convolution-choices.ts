import { sizeOf } from '../graph/value.js';
import type { FilterGradientLayout } from './filter-gradient.js';
import type { Geometry } from './geometry.js';

/**
 * Which of several equal forms a convolution takes. Each is faster for some shapes alone; off, the form that is never bad
 * stands everywhere. Times are milliseconds at batch 16 on one core, minimum of interleaved runs.
 */
export interface ConvolutionChoices {
  /**
   * Filter gradients of many channels from slices of channels-last values: 128 channels 3x3 on 8x8 took 3.9 instead of 4.6,
   * 32 to 64 with stride 2 on 32x32 3.5 instead of 4.2. Of 32 channels without stride they lose (5.8 instead of 4.7).
   */
  readonly channelsLastFilterGradient: boolean;

  /**
   * Filter gradients of less than 8 channels by one product, since a product of so few rows is all overhead: 1 to 16
   * channels 3x3 on 28x28 took 0.33 instead of 0.34.
   */
  readonly concatenatedFilterGradient: boolean;

  /**
   * Input gradients by convolution with the flipped filter, where the stride is 1 and there are 32 channels on either side:
   * 128 channels 3x3 on 8x8 took 4.3 instead of 5.9. With 16 it loses (0.66 instead of 0.56), and with a stride there is
   * no such form.
   */
  readonly flippedInputGradient: boolean;
}

export const fastestConvolutions: ConvolutionChoices = {
  channelsLastFilterGradient: true,
  concatenatedFilterGradient: true,
  flippedInputGradient: true,
};

export function filterGradientLayout(
  { kernel, strides, inChannels, outChannels }: Geometry,
  choices: ConvolutionChoices,
): FilterGradientLayout {
  if (sizeOf(kernel) === 1) return 'channels-outermost';
  const many = inChannels >= 64 || (inChannels >= 32 && strides.some((stride) => stride > 1));
  if (choices.channelsLastFilterGradient && many && outChannels >= 32) return 'channels-last';
  return choices.concatenatedFilterGradient && inChannels < 8 ? 'concatenated' : 'channels-outermost';
}

export function flipsFilter(geometry: Geometry, choices: ConvolutionChoices): boolean {
  const { kernel, strides, inChannels, outChannels } = geometry;
  const wide = Math.min(inChannels, outChannels) >= 32 && sizeOf(kernel) > 1;
  return choices.flippedInputGradient && wide && strides.every((stride) => stride === 1);
}
