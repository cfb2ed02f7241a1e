import type { StateDict } from '@x/trainer-core';
import { LearningRateScheduler } from '@x/trainer-core';

/** Leaves the learning rate as the optimizer is configured. */
@LearningRateScheduler.register('constant')
export class ConstantRate extends LearningRateScheduler {
  override step(): void {
    // a constant has nothing to do
  }

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {
    // and nothing to remember
  }
}
