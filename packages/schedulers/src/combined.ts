import type { CompatibilityPreset, Lazy, StateDict } from '@x/trainer-core';
import {
  Compatibility,
  inject,
  lazyComponent,
  LearningRateScheduler,
  NumberOfEpochs,
  Optimizer,
  parseOptions,
  readState,
  StepsPerEpoch,
} from '@x/trainer-core';
import { z } from 'zod';

import type { GroupField } from './group-field.js';
import { learningRates } from './group-field.js';
import { withUnchangedGroups } from './unchanged-groups.js';

const Rules = z.strictObject({
  startFrom: z
    .enum(['initial', 'current'])
    .optional()
    .describe(
      "The learning rates that a schedule starts from: those of the configuration, or those that the one before it ended with; default: by compatibility, 'initial'",
    ),
  counting: z
    .enum(['own', 'global'])
    .optional()
    .describe(
      "How steps and epochs are counted: from the start of each schedule; or steps over the whole training and epochs as if the one before each schedule were its own, as in AllenNLP 2; default: by compatibility, 'own'",
    ),
});

export const CombinedConfig = Rules.extend({
  schedulers: z
    .array(z.tuple([z.int().positive(), lazyComponent(LearningRateScheduler)]))
    .min(1)
    .describe('The schedules one after the other, each with its number of epochs'),
});

export type CombinedOptions = z.input<typeof Rules> & {
  readonly schedulers: readonly (readonly [numEpochs: number, scheduler: Lazy<LearningRateScheduler>])[];
};

/**
 * Several schedules one after the other. Each runs as if the training were its own: with its own number of epochs, steps that
 * are counted from its start, and the configured learning rates. After the last one the rates stay.
 *
 * Source: AllenNLP 2's `combined`, whose rules, `startFrom: 'current'` and `counting: 'global'`, make a schedule that ends at
 * 0 the end of learning, and skip the warm-up of all but the first.
 */
@LearningRateScheduler.register('combined', CombinedConfig)
export class Combined extends LearningRateScheduler {
  private readonly schedules: readonly Schedule[];
  private readonly rules: Required<z.output<typeof Rules>>;
  private readonly rates: GroupField;
  /** Null after the last schedule. */
  private current: LearningRateScheduler | null;
  private epochsDone = 0;
  private lastStep = 0;
  /** Steps before the current schedule. */
  private stepsBefore = 0;

  /**
   * @param stepsPerEpoch null if unknown; what the schedules are told.
   * @throws ConfigError (`X_SCHEDULER`) for any of the schedules that cannot work, before the training.
   */
  constructor(
    options: CombinedOptions,
    @inject(Optimizer) private readonly optimizer: Optimizer,
    @inject(StepsPerEpoch) private readonly stepsPerEpoch: number | null,
    @inject(Compatibility, { optional: true }) compatibility: CompatibilityPreset = null,
  ) {
    super();
    const { schedulers, ...rules } = options;
    const { startFrom, counting } = parseOptions(Rules, rules, 'Combined');
    const isSecond = compatibility === 'allennlp-2';
    this.rules = {
      startFrom: startFrom ?? (isSecond ? 'current' : 'initial'),
      counting: counting ?? (isSecond ? 'global' : 'own'),
    };
    this.rates = learningRates(optimizer);
    this.schedules = oneAfterTheOther(schedulers);
    for (const schedule of this.schedules) withUnchangedGroups(optimizer, () => this.construct(schedule));
    this.current = this.construct(this.schedules[0]!);
  }

  override step(metric?: number | null): void {
    this.epochsDone += 1;
    const schedule = this.scheduleAt(this.epochsDone);
    if (schedule?.start === this.epochsDone) {
      this.takeOver(schedule);
      if (this.rules.counting === 'own') return;
    } else if (schedule === undefined) {
      this.current = null;
    }
    this.current?.step(metric);
  }

  override stepBatch(batchNumTotal: number): void {
    this.lastStep = batchNumTotal;
    const number = this.rules.counting === 'own' ? Math.max(1, batchNumTotal - this.stepsBefore) : batchNumTotal;
    this.current?.stepBatch(number);
  }

  override stateDict(): StateDict {
    const { epochsDone, lastStep, stepsBefore, current } = this;
    return { epochsDone, lastStep, stepsBefore, current: current?.stateDict() ?? null };
  }

  override loadStateDict(state: StateDict): void {
    const epochsDone = readState(state, 'epochsDone', 'number');
    const lastStep = readState(state, 'lastStep', 'number');
    const stepsBefore = readState(state, 'stepsBefore', 'number');
    const schedule = this.scheduleAt(epochsDone);
    // the groups have been restored, and a schedule that is built may write into them
    const current = schedule === undefined ? null : withUnchangedGroups(this.optimizer, () => this.construct(schedule));
    current?.loadStateDict(readState(state, 'current', 'object'));
    Object.assign(this, { epochsDone, lastStep, stepsBefore, current });
  }

  private scheduleAt(epoch: number): Schedule | undefined {
    return this.schedules.find(({ start, numEpochs }) => epoch >= start && epoch < start + numEpochs);
  }

  private construct({ scheduler, numEpochs }: Schedule): LearningRateScheduler {
    return scheduler.construct([
      [NumberOfEpochs, numEpochs],
      [StepsPerEpoch, this.stepsPerEpoch],
    ]);
  }

  private takeOver(schedule: Schedule): void {
    this.stepsBefore = this.lastStep;
    if (this.rules.startFrom === 'current') this.rates.rebase();
    else this.rates.set((initial) => initial);
    this.current = this.construct(schedule);
  }
}

interface Schedule {
  /** The epochs before it. */
  readonly start: number;
  readonly numEpochs: number;
  readonly scheduler: Lazy<LearningRateScheduler>;
}

function oneAfterTheOther(schedulers: CombinedOptions['schedulers']): Schedule[] {
  let end = 0;
  return schedulers.map(([numEpochs, scheduler]) => {
    const start = end;
    end += numEpochs;
    return { start, numEpochs, scheduler };
  });
}
