import * as tf from '@tensorflow/tfjs-core';
import type { Coefficients, Hyperparameters, RuleInput, RuleOutput } from '@x/trainer-core';
import { Optimizer } from '@x/trainer-core';

/** velocity = momentum * velocity + gradient; parameter -= lr * velocity. For tests that need some optimizer. */
export class MomentumDescent extends Optimizer {
  override initialSlots(): Record<string, number> {
    return { velocity: 0 };
  }

  override coefficients({ lr, momentum }: Hyperparameters): Coefficients {
    return { lr: Number(lr), momentum: Number(momentum ?? 0) };
  }

  override update({ parameter, gradient, slots, coefficients }: RuleInput): RuleOutput {
    const velocity = tf.add(tf.mul(slots['velocity']!, coefficients['momentum']!), gradient);
    return { parameter: tf.sub(parameter, tf.mul(velocity, coefficients['lr']!)), slots: { velocity } };
  }
}
