import { z } from 'zod';

import { parseOptions } from '../../config/validate.js';
import { TrainerCallback } from '../../contracts/callbacks.js';
import type { TrainerView } from '../../contracts/callbacks.js';

export const ShouldValidateOptions = z.strictObject({
  validationStart: z
    .int()
    .nonnegative()
    .nullable()
    .default(null)
    .describe('The first epoch, counted from 0, that is validated; null is 0'),
  validationInterval: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Only epochs whose number is a multiple of this are validated; null validates all'),
});

/**
 * Validates some epochs only. One that is left out has no validation metrics, is not the best one and does not count for
 * patience; schedulers that need a metric refuse it.
 *
 * Source: `ShouldValidateCallback` of AllenNLP 2.10; here the rule goes by the epoch also right after a resume.
 */
@TrainerCallback.register('should_validate', ShouldValidateOptions)
@TrainerCallback.register('should_validate_callback', ShouldValidateOptions)
export class ShouldValidate extends TrainerCallback {
  private readonly options: z.output<typeof ShouldValidateOptions>;

  constructor(options: z.input<typeof ShouldValidateOptions> = {}) {
    super();
    this.options = parseOptions(ShouldValidateOptions, options, 'ShouldValidate');
  }

  override onEpochStart({ epoch, control }: TrainerView): void {
    const { validationStart, validationInterval } = this.options;
    const started = epoch >= (validationStart ?? 0);
    const due = validationInterval === null || epoch % validationInterval === 0;
    if (!started || !due) control.skipValidation();
  }
}
