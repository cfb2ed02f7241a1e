import { averagePoolLowerings } from './average-pool.js';
import { batchNormLowerings } from './batch-norm.js';
import { comparisonLowerings } from './comparison.js';
import { constantLowerings } from './constants.js';
import { convolution3DLowerings } from './convolution-3d.js';
import { fastestConvolutions } from './convolution-choices.js';
import type { ConvolutionChoices } from './convolution-choices.js';
import { convolutionLowerings } from './convolution.js';
import { depthwiseLowerings } from './depthwise.js';
import { binaryLowerings } from './elementwise-binary.js';
import { unaryLowerings } from './elementwise-unary.js';
import { gatherScatterLowerings } from './gather-scatter.js';
import { localResponseLowerings } from './local-response.js';
import type { Lowerings } from './lowering.js';
import { maxPoolLowerings } from './max-pool.js';
import { movementLowerings } from './movement.js';
import { productLowerings } from './product.js';
import { reductionLowerings } from './reduction.js';
import { resizeLowerings } from './resize.js';

/** Which of several equal forms of a kernel is taken, by name. */
export const loweringChoices = Object.keys(fastestConvolutions) as readonly (keyof ConvolutionChoices)[];

/** What every kernel of tfjs that can be compiled computes. */
export function loweringsWith(choices: ConvolutionChoices): Lowerings {
  return {
    ...unaryLowerings,
    ...binaryLowerings,
    ...comparisonLowerings,
    ...reductionLowerings,
    ...constantLowerings,
    ...movementLowerings,
    ...gatherScatterLowerings,
    ...productLowerings,
    ...convolutionLowerings(choices),
    ...convolution3DLowerings(choices),
    ...depthwiseLowerings,
    ...averagePoolLowerings,
    ...maxPoolLowerings,
    ...batchNormLowerings,
    ...localResponseLowerings,
    ...resizeLowerings,
  };
}

/** The fastest of each. */
export const lowerings: Lowerings = loweringsWith(fastestConvolutions);
