import { z } from 'zod';

import { parseOptions } from '../../config/validate.js';
import { TrainerCallback } from '../../contracts/callbacks.js';
import type { TrainerView } from '../../contracts/callbacks.js';

export const ValidateEveryNStepsOptions = z.strictObject({
  steps: z.int().positive().describe('Optimizer steps from one validation to the next, counted over all epochs'),
});

/**
 * Validates also within epochs, every so many steps. The metrics go to `onEvaluateEnd` of all callbacks; patience, best
 * weights and schedulers follow the validations at the end of epochs alone. The last step of an epoch is left to those.
 */
@TrainerCallback.register('validate_every_n_steps', ValidateEveryNStepsOptions)
export class ValidateEveryNSteps extends TrainerCallback {
  private readonly steps: number;

  constructor(options: z.input<typeof ValidateEveryNStepsOptions>) {
    super();
    this.steps = parseOptions(ValidateEveryNStepsOptions, options, 'ValidateEveryNSteps').steps;
  }

  override onStepEnd({ batchNumTotal, batchesThisEpoch, stepsPerEpoch, control }: TrainerView): void {
    if (batchNumTotal % this.steps === 0 && batchesThisEpoch !== stepsPerEpoch) control.evaluateNow();
  }
}
