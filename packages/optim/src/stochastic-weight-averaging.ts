import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, inject, ModelParameters, MovingAverage, parseOptions, StepsPerEpoch } from '@x/trainer-core';
import type { Coefficients, ParameterSet, RuleInput } from '@x/trainer-core';
import { z } from 'zod';

export const StochasticWeightAveragingOptions = z.strictObject({
  start: z
    .int()
    .positive()
    .describe('The weights after so many epochs (or steps, see unit) are the first in the average'),
  interval: z.int().positive().default(1).describe('So many epochs (or steps) lie between weights that are averaged'),
  unit: z.enum(['epochs', 'steps']).default('epochs').describe('What start and interval count'),
});

export type StochasticWeightAveragingOptions = z.input<typeof StochasticWeightAveragingOptions>;

/**
 * Stochastic weight averaging (Izmailov et al., 2018, "Averaging weights leads to wider optima and better generalization"):
 * the equal average of the weights after `start`, `start + interval`, `start + 2 * interval`, ... epochs or steps.
 * ```text
 * shadow = p                                 up to and with the first of them
 * shadow = shadow + (p - shadow) / n         at the n-th of them; in between it stays
 * ```
 * Until `start` validation therefore sees the raw weights. n follows from the number of the step alone, so that a resumed
 * run goes on exactly; a step that mixed precision skips counts with the average of before. It does best with a high
 * learning rate from `start` on, constant or cyclic. Buffers, such as batch statistics, are not averaged.
 */
@MovingAverage.register('stochastic_weight_averaging', StochasticWeightAveragingOptions)
export class StochasticWeightAveraging extends MovingAverage {
  private readonly start: number;
  private readonly interval: number;

  /**
   * @param stepsPerEpoch optimizer steps in an epoch; null if not known.
   * @throws ConfigError for options out of range, and for epochs where the steps in an epoch are not known.
   */
  constructor(
    options: StochasticWeightAveragingOptions,
    @inject(ModelParameters) parameters: ParameterSet,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null = null,
  ) {
    // first, so that refused options leave no averages behind
    const { start, interval, unit } = parseOptions(
      StochasticWeightAveragingOptions,
      options,
      'stochastic weight averaging',
    );
    const steps = unit === 'steps' ? 1 : (stepsPerEpoch ?? unknownEpochs());
    super(parameters);
    this.start = start * steps;
    this.interval = interval * steps;
  }

  /** @throws ConfigError where the number of the step is not told. */
  override coefficients(numUpdates: number | null): Coefficients {
    if (numUpdates === null) throw unnumbered();
    const since = numUpdates - this.start;
    if (since <= 0) return { share: undefined, copied: 1 };
    return { share: since % this.interval === 0 ? 1 / (since / this.interval + 1) : undefined, copied: undefined };
  }

  override update(shadow: tf.Tensor, parameter: tf.Tensor, { share, copied }: RuleInput['coefficients']): tf.Tensor {
    if (copied !== undefined) return tf.clone(parameter);
    return share === undefined ? tf.clone(shadow) : tf.add(shadow, tf.mul(tf.sub(parameter, shadow), share));
  }
}

function unknownEpochs(): never {
  throw ConfigError.of(
    'X_CONFIG_INVALID',
    'unit',
    'the data loader does not know how many steps an epoch has; count in steps: unit "steps"',
    'stochastic weight averaging',
  );
}

function unnumbered(): ConfigError {
  return ConfigError.of(
    'X_CONFIG_INVALID',
    'numUpdates',
    'received null, expected the number of the step that was just made: apply(step)',
    'stochastic weight averaging',
  );
}
