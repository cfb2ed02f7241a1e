import type { CompatibilityPreset, StateDict } from '@x/trainer-core';
import {
  Compatibility,
  ConfigError,
  inject,
  LearningRateScheduler,
  log,
  Optimizer,
  parseOptions,
  parseWatchedMetric,
  readState,
  ValidationMetric,
} from '@x/trainer-core';
import { z } from 'zod';

import { eachGroup } from './each-group.js';
import type { GroupField } from './group-field.js';
import { learningRates } from './group-field.js';
import { registerWithTorchName } from './torch-names.js';

export const ReduceOnPlateauOptions = z.strictObject({
  mode: z
    .enum(['min', 'max'])
    .optional()
    .describe(
      'Whether a smaller or a larger metric is better; default: by the sign of the validation metric, and "min" with a compatibility preset',
    ),
  factor: z.number().nonnegative().lt(1).default(0.1).describe('The factor of a reduction'),
  patience: z.int().nonnegative().default(10).describe('Epochs without improvement that are accepted'),
  verbose: z.boolean().default(false).describe('Whether each reduction is logged'),
  thresholdMode: z
    .enum(['rel', 'abs'])
    .default('rel')
    .describe('Whether the threshold is a share of the best value or a difference from it'),
  threshold: z.number().nonnegative().default(1e-4).describe('What an improvement must exceed to count'),
  cooldown: z.int().nonnegative().default(0).describe('Epochs after a reduction in which none counts as bad'),
  minLr: z
    .union([z.number().nonnegative(), z.array(z.number().nonnegative())])
    .default(0)
    .describe('The lowest learning rate, or that of each parameter group (the default group comes last)'),
  eps: z.number().nonnegative().default(1e-8).describe('A reduction by no more than this is not made'),
});

export type ReduceOnPlateauOptions = z.input<typeof ReduceOnPlateauOptions>;

/**
 * Multiplies the learning rates by `factor` when the validation metric has not improved for more than `patience` epochs.
 * A NaN is no improvement.
 *
 * Where `mode` is left out it follows the sign of the trainer's validation metric: "min" for `-loss`, "max" for `+accuracy`.
 * With a compatibility preset it is "min", as in AllenNLP. Beware with `allennlp-2`: what AllenNLP 2 passes is a score that
 * rises as the model gets better, so that "min" reduces at improvements.
 *
 * Source: torch's `ReduceLROnPlateau`.
 */
@registerWithTorchName('reduce_on_plateau', 'ReduceLROnPlateau', ReduceOnPlateauOptions)
export class ReduceOnPlateau extends LearningRateScheduler {
  private readonly options: z.output<typeof ReduceOnPlateauOptions>;
  private readonly smallerIsBetter: boolean;
  private readonly rates: GroupField;
  private readonly minLr: readonly number[];
  /** Null before the first epoch. */
  private best: number | null = null;
  private badEpochs = 0;
  private cooldownLeft = 0;

  /**
   * @param validationMetric the metric with its sign; read only where `mode` is left out and there is no preset.
   * @throws ConfigError (`X_SCHEDULER`) if `minLr` is a list of another length than that of the parameter groups.
   */
  constructor(
    options: ReduceOnPlateauOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(ValidationMetric) validationMetric = '-loss',
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    super();
    this.options = parseOptions(ReduceOnPlateauOptions, options, 'ReduceOnPlateau');
    this.minLr = eachGroup(this.options.minLr, optimizer, 'minLr', 'ReduceOnPlateau');
    const { mode = compatibility === null ? modeOf(validationMetric) : 'min' } = this.options;
    this.smallerIsBetter = mode === 'min';
    this.rates = learningRates(optimizer);
  }

  /** @throws ConfigError (`X_SCHEDULER`) without a metric. */
  override step(metric?: number | null): void {
    if (metric === undefined || metric === null) {
      throw ConfigError.of(
        'X_SCHEDULER',
        'validationDataLoader',
        'received no validation metric for the epoch; this scheduler needs validation data: give the run a validation ' +
          'data loader, or choose a scheduler that goes by epochs or steps',
        'the scheduler "reduce_on_plateau"',
      );
    }
    if (this.isBetter(metric)) {
      this.best = metric;
      this.badEpochs = 0;
    } else {
      this.badEpochs += 1;
    }
    if (this.cooldownLeft > 0) {
      this.cooldownLeft -= 1;
      this.badEpochs = 0;
    }
    if (this.badEpochs > this.options.patience) {
      this.reduce();
      this.cooldownLeft = this.options.cooldown;
      this.badEpochs = 0;
    }
  }

  override stateDict(): StateDict {
    const { best, badEpochs, cooldownLeft } = this;
    return { best, badEpochs, cooldownLeft };
  }

  override loadStateDict(state: StateDict): void {
    const best = state['best'] === null ? null : readState(state, 'best', 'number');
    const badEpochs = readState(state, 'badEpochs', 'number');
    const cooldownLeft = readState(state, 'cooldownLeft', 'number');
    Object.assign(this, { best, badEpochs, cooldownLeft });
  }

  private isBetter(metric: number): boolean {
    const { threshold, thresholdMode } = this.options;
    const sign = this.smallerIsBetter ? -1 : 1;
    const best = this.best ?? -sign * Infinity;
    const bound = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return this.smallerIsBetter ? metric < bound : metric > bound;
  }

  private reduce(): void {
    const { factor, eps, verbose } = this.options;
    this.rates.change((current, group) => {
      const reduced = Math.max(current * factor, this.minLr[group]!);
      if (current - reduced <= eps) return current;
      if (verbose) log.info(`reducing the learning rate of parameter group ${group} to ${reduced.toExponential(4)}`);
      return reduced;
    });
  }
}

function modeOf(validationMetric: string): 'min' | 'max' {
  return parseWatchedMetric(validationMetric).shouldDecrease ? 'min' : 'max';
}
