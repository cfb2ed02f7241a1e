import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, inject, ModelParameters, MovingAverage, Optimizer } from '@x/trainer-core';
import type { Coefficients, Parameter, ParameterSet, RuleInput, TensorMap } from '@x/trainer-core';

/** The slot in which a schedule-free optimizer keeps its average. */
const AVERAGE_SLOT = 'x';

/**
 * The average that a schedule-free optimizer keeps, x of `ScheduleFreeAdamW`: with it, validation sees x and x is saved,
 * best weights included. Parameters of other optimizers in one `multi` are taken as they are.
 */
@MovingAverage.register('schedule_free')
export class ScheduleFreeAverage extends MovingAverage {
  /** @throws ConfigError if the optimizer is not a schedule-free one, nor has one. */
  constructor(
    @inject(ModelParameters) parameters: ParameterSet,
    @inject(Optimizer) private readonly optimizer: Optimizer,
  ) {
    // first, so that a refused optimizer leaves no averages behind
    checkAverages(optimizer);
    super(parameters);
  }

  override coefficients(): Coefficients {
    return {};
  }

  override update(
    shadow: tf.Tensor,
    parameter: tf.Tensor,
    _coefficients: RuleInput['coefficients'],
    slots: Readonly<TensorMap> | undefined,
  ): tf.Tensor {
    return tf.clone(slots === undefined ? shadow : (slots[AVERAGE_SLOT] ?? parameter));
  }

  protected override slotsOf(parameter: Parameter): Readonly<TensorMap> | undefined {
    const { state } = this.optimizer;
    return state.stepsOf(parameter) === 0 ? undefined : state.slotsOf(parameter);
  }
}

function checkAverages(optimizer: Optimizer): void {
  const averages = optimizer.groups.some(({ options, parameters }) =>
    parameters.some(({ shape }) => AVERAGE_SLOT in optimizer.initialSlots(options, shape)),
  );
  if (averages) return;
  throw ConfigError.of(
    'X_CONFIG_INVALID',
    'trainer.movingAverage',
    'the average "schedule_free" is that of a schedule-free optimizer, and the optimizer is none; use the optimizer ' +
      '"schedule_free_adamw", or an average of its own such as "exponential"',
  );
}
