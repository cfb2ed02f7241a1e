import { inject, NumberOfEpochs, Optimizer, parseOptions, StepsPerEpoch } from '@x/trainer-core';
import { z } from 'zod';

import { eachGroup } from './each-group.js';
import { momenta } from './group-field.js';
import { ProgressRate } from './progress-rate.js';
import { ProgressSchedule } from './progress-schedule.js';
import { registerWithTorchName } from './torch-names.js';
import { trainingLength } from './training-length.js';

const forGroups = (number: z.ZodNumber): z.ZodUnion<[z.ZodNumber, z.ZodArray<z.ZodNumber>]> =>
  z.union([number, z.array(number)]);

export const OneCycleOptions = z.strictObject({
  maxLr: forGroups(z.number().positive())
    .optional()
    .describe(
      'The highest learning rate, or that of each parameter group; default: the rate that each group is configured with',
    ),
  totalSteps: z.int().positive().optional().describe('Steps of the cycle; default: epochs times stepsPerEpoch'),
  epochs: z.int().positive().optional().describe('Epochs of the cycle; default: those of the training'),
  stepsPerEpoch: z.int().positive().optional().describe('Steps of an epoch; default: those of the training'),
  pctStart: z.number().min(0).max(1).default(0.3).describe('The share of the cycle in which the rate goes up'),
  annealStrategy: z.enum(['cos', 'linear']).default('cos').describe('How it goes up and down'),
  cycleMomentum: z
    .boolean()
    .default(true)
    .describe('Whether the momentum, or the first of the betas, goes down as the rate goes up and up as it goes down'),
  baseMomentum: forGroups(z.number().nonnegative())
    .default(0.85)
    .describe('The lowest momentum, or that of each parameter group'),
  maxMomentum: forGroups(z.number().nonnegative())
    .default(0.95)
    .describe('The highest momentum, or that of each parameter group'),
  divFactor: z.number().positive().default(25).describe('The highest learning rate divided by that of the first step'),
  finalDivFactor: z
    .number()
    .positive()
    .default(1e4)
    .describe('The learning rate of the first step divided by that of the last'),
  threePhase: z
    .boolean()
    .default(false)
    .describe('Whether the rate first falls, as fast as it rose, to that of the first step, and only then to the last'),
});

export type OneCycleOptions = z.input<typeof OneCycleOptions>;

/**
 * The one-cycle policy: the learning rate rises to `maxLr` and falls to almost nothing at the last step, and the momentum
 * does the opposite. After the last step of the cycle both stay, where torch raises an error.
 *
 * Source: Smith and Topin, Super-Convergence (2018), and Smith, A disciplined approach (2018), as in torch's `OneCycleLR`.
 */
@registerWithTorchName('one_cycle', 'OneCycleLR', OneCycleOptions)
export class OneCycle extends ProgressRate {
  private readonly momentum: ProgressSchedule | null;

  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if the number of steps is neither given nor known, for a list of another length than
   * that of the parameter groups, and if a group has no momentum that could be cycled.
   */
  constructor(
    options: OneCycleOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) numEpochs: number,
    @inject(StepsPerEpoch) stepsPerEpoch: number | null,
  ) {
    const parsed = parseOptions(OneCycleOptions, options, 'OneCycle');
    const { maxLr, baseMomentum, maxMomentum, divFactor, finalDivFactor } = parsed;
    const training = {
      numEpochs: parsed.epochs ?? numEpochs,
      stepsPerEpoch: parsed.stepsPerEpoch ?? stepsPerEpoch,
    };
    const total = parsed.totalSteps ?? trainingLength('step', training, 'one_cycle', 'set totalSteps');
    const cycle = new Cycle(parsed, total);
    const highest = maxLr === undefined ? null : eachGroup(maxLr, optimizer, 'maxLr', 'OneCycle');
    const lowMomenta = eachGroup(baseMomentum, optimizer, 'baseMomentum', 'OneCycle');
    const highMomenta = eachGroup(maxMomentum, optimizer, 'maxMomentum', 'OneCycle');
    super(optimizer, {
      per: 'step',
      value: (initial, done, group) => {
        const max = highest?.[group] ?? initial;
        return cycle.at(done, { first: max / divFactor, top: max, last: max / divFactor / finalDivFactor });
      },
    });
    this.momentum = parsed.cycleMomentum
      ? new ProgressSchedule(momenta(optimizer), {
          per: 'step',
          value: (_, done, group) => {
            const high = highMomenta[group]!;
            return cycle.at(done, { first: high, top: lowMomenta[group]!, last: high });
          },
        })
      : null;
  }

  override stepBatch(batchNumTotal: number): void {
    super.stepBatch(batchNumTotal);
    this.momentum?.stepBatch(batchNumTotal);
  }
}

/** The values at the corners of a cycle. */
interface Corners {
  readonly first: number;
  readonly top: number;
  readonly last: number;
}

interface Phase {
  /** The step, counted from 0 and perhaps between two, that ends it. */
  readonly end: number;
  readonly from: keyof Corners;
  readonly to: keyof Corners;
}

/** The course of a cycle through its phases. */
class Cycle {
  private readonly phases: readonly Phase[];
  private readonly anneal: (from: number, to: number, share: number) => number;

  constructor({ pctStart, threePhase, annealStrategy }: z.output<typeof OneCycleOptions>, total: number) {
    const rise: Phase = { end: pctStart * total - 1, from: 'first', to: 'top' };
    this.phases = threePhase
      ? [
          rise,
          { end: 2 * pctStart * total - 2, from: 'top', to: 'first' },
          { end: total - 1, from: 'first', to: 'last' },
        ]
      : [rise, { end: total - 1, from: 'top', to: 'last' }];
    this.anneal = annealStrategy === 'cos' ? alongCosine : alongLine;
  }

  /** The value after a number of steps. */
  at(done: number, corners: Corners): number {
    const ahead = this.phases.findIndex(({ end }) => done <= end);
    const index = ahead === -1 ? this.phases.length - 1 : ahead;
    const { end, from, to } = this.phases[index]!;
    const start = this.phases[index - 1]?.end ?? 0;
    const share = end > start ? Math.min(1, (done - start) / (end - start)) : 1;
    return this.anneal(corners[from], corners[to], share);
  }
}

function alongCosine(from: number, to: number, share: number): number {
  return to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1);
}

function alongLine(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
