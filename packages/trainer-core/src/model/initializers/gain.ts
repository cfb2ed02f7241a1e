import { z } from 'zod';

/** What follows a weight, by torch's names. */
export const Nonlinearity = z.enum([
  'linear',
  'conv1d',
  'conv2d',
  'conv3d',
  'conv_transpose1d',
  'conv_transpose2d',
  'conv_transpose3d',
  'sigmoid',
  'tanh',
  'relu',
  'leaky_relu',
  'selu',
]);

/**
 * The recommended factor on the deviation of a weight, for what follows it.
 *
 * Source: `torch.nn.init.calculate_gain`
 */
export function gainOf(nonlinearity: z.output<typeof Nonlinearity>, negativeSlope = 0.01): number {
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leaky_relu':
      return Math.sqrt(2 / (1 + negativeSlope ** 2));
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}
