import { inject, ModelError, ModelParameters, Optimizer, parseOptions } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, InitialSlot, ParameterSet, RuleInput, RuleOutput } from '@x/trainer-core';
import { z } from 'zod';

import { MOMENT_SLOTS, momentFields } from './adam-moments.js';
import type { MomentHyperparameters } from './adam-moments.js';
import { lazyAdamCoefficients, lazyAdamStep } from './lazy-adam.js';
import { optimizerOptions } from './optimizer-options.js';

export const SparseAdamOptions = optimizerOptions({
  lr: z.number().positive().default(1e-3).describe('Learning rate'),
  betas: momentFields.betas,
  eps: z.number().positive().default(1e-8).describe('Added to the root, against division by zero'),
});

export type SparseAdamOptions = z.input<typeof SparseAdamOptions>;

/**
 * Adam for row-sparse gradients (torch's `SparseAdam`): {@link lazyAdamStep} on the rows that `sparseLookup` touched. The
 * slots are `expAvg` and `expAvgSq`.
 */
@Optimizer.register('sparse_adam', SparseAdamOptions)
@Optimizer.register('SparseAdam', SparseAdamOptions)
export class SparseAdam extends Optimizer {
  /** @throws ConfigError for options out of range, and for overlapping groups. */
  constructor(options: SparseAdamOptions, @inject(ModelParameters) parameters: ParameterSet) {
    super(parseOptions(SparseAdamOptions, options, 'sparse_adam'), parameters);
  }

  override initialSlots(): Readonly<Record<string, InitialSlot>> {
    return MOMENT_SLOTS;
  }

  override coefficients(options: Hyperparameters, step: number): Coefficients {
    return lazyAdamCoefficients(options as MomentHyperparameters, step);
  }

  /** @throws ModelError (`X_MODEL_INVALID`) for a dense gradient: every row would move, which is what nobody asked for. */
  override update(input: RuleInput): RuleOutput {
    const { touchedRows, parameter } = input;
    if (touchedRows === undefined) throw denseGradient(parameter.shape);
    return lazyAdamStep(input, touchedRows);
  }
}

function denseGradient(shape: readonly number[]): ModelError {
  return new ModelError(
    'X_MODEL_INVALID',
    `sparse_adam was given a dense gradient, of a parameter of shape [${shape}]; it takes those of tables that the model ` +
      'reads with sparseLookup, and in no other way. Use dense_sparse_adam, which takes both, or adam',
  );
}
