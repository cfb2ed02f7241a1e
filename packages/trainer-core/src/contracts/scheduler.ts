import { z } from 'zod';

import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import { NumberOfEpochs, StepsPerEpoch } from '../plugins/run-tokens.js';
import type { Settable } from '../plugins/settable.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/**
 * Changes a hyperparameter of the optimizer's groups during training: it gets the optimizer injected and writes into
 * `group.options`.
 */
abstract class Scheduler implements Stateful {
  /**
   * Called after every epoch's validation, before the checkpoint.
   *
   * @param metric the validation metric of the epoch, null without validation.
   */
  abstract step(metric?: number | null): void;

  /**
   * Called before every update with its 1-based number over the whole training. It is a function of that number: an
   * update that is skipped is asked for again. Default: nothing.
   */
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  stepBatch(batchNumTotal: number): void {}

  abstract stateDict(): StateDict;
  abstract loadStateDict(state: StateDict): void;
}

/** Schedules the field `lr`. */
export abstract class LearningRateScheduler extends Scheduler {
  static readonly kind: string = 'learningRateScheduler';
  static readonly register: Register<LearningRateScheduler> = registerFor('learningRateScheduler');
  /** The original's constructor parameters, which come from the trainer where a config leaves them out. */
  static readonly settable: Readonly<Record<string, Settable>> = {
    numEpochs: {
      token: NumberOfEpochs,
      schema: z.int().positive().describe("The epochs that the schedule is made for. Default: the trainer's"),
    },
    numStepsPerEpoch: {
      token: StepsPerEpoch,
      schema: z.int().positive().nullable().describe('The steps of each of them. Default: those of the data loader'),
    },
  };
}

/** Schedules the momentum: SGD's `momentum`, the first of Adam's `betas`. */
export abstract class MomentumScheduler extends Scheduler {
  static readonly kind: string = 'momentumScheduler';
  static readonly register: Register<MomentumScheduler> = registerFor('momentumScheduler');
}
