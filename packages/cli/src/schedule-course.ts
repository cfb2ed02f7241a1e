import type { LearningRateScheduler, MomentumScheduler, Optimizer, Parameter } from '@x/trainer-core';
import { ConfigError } from '@x/trainer-core';

import type { Point, Series } from './plot/series.js';

/** What of a trainer its schedules are. */
export interface Scheduled {
  readonly optimizer: Optimizer;
  readonly learningRateScheduler: LearningRateScheduler | null;
  readonly momentumScheduler: MomentumScheduler | null;
}

/** What schedules make of the parameter groups, step by step. Groups that are alike are one curve. */
export interface ScheduleCourse {
  readonly learningRates: readonly Series[];
  /** Empty where nothing changes the momentum. */
  readonly momenta: readonly Series[];
  /** Whether a schedule wanted a validation metric, which there is none of without training; it was then left as it is. */
  readonly needsMetric: boolean;
}

/** Calls the schedulers as a training does, before every step and after every epoch, without training. */
export function followSchedules(
  { optimizer, learningRateScheduler, momentumScheduler }: Scheduled,
  numEpochs: number,
  stepsPerEpoch: number,
): ScheduleCourse {
  const groups = optimizer.groups
    .map(({ parameters, options }, index) => ({ parameters, options, index }))
    .filter(({ parameters }) => parameters.length > 0);
  const rates = groups.map((): Point[] => []);
  const momenta = groups.map((): Point[] => []);
  let needsMetric = false;
  const schedulers = [learningRateScheduler, momentumScheduler].filter((scheduler) => scheduler !== null);
  for (let epoch = 0; epoch < numEpochs; epoch++) {
    for (let inEpoch = 1; inEpoch <= stepsPerEpoch; inEpoch++) {
      const step = epoch * stepsPerEpoch + inEpoch;
      for (const scheduler of schedulers) scheduler.stepBatch(step);
      groups.forEach(({ options }, i) => {
        rates[i]!.push([step, optimizer.learningRate(options, step)]);
        momenta[i]!.push([step, momentumOf(options)]);
      });
    }
    for (const scheduler of schedulers) needsMetric = endEpoch(scheduler) || needsMetric;
  }
  const isMomentumScheduled = momentumScheduler !== null || momenta.some(changes);
  return {
    learningRates: seriesOf('learning rate', groups, rates),
    momenta: isMomentumScheduled ? seriesOf('momentum', groups, momenta) : [],
    needsMetric,
  };
}

/** Whether the scheduler refused to go on without a validation metric. */
function endEpoch(scheduler: LearningRateScheduler | MomentumScheduler): boolean {
  try {
    scheduler.step(null);
    return false;
  } catch (error) {
    if (error instanceof ConfigError && error.code === 'X_SCHEDULER') return true;
    throw error;
  }
}

/** The momentum of a group: `momentum`, or the first of `betas`; NaN where it has neither. */
function momentumOf({ momentum, betas }: Readonly<Record<string, unknown>>): number {
  if (typeof momentum === 'number') return momentum;
  return Array.isArray(betas) ? Number(betas[0]) : Number.NaN;
}

function changes(points: readonly Point[]): boolean {
  return points.some(([, value]) => !Object.is(value, points[0]![1]));
}

interface NumberedGroup {
  /** Its position in the optimizer. */
  readonly index: number;
  readonly parameters: readonly Parameter[];
}

function seriesOf(name: string, groups: readonly NumberedGroup[], curves: readonly (readonly Point[])[]): Series[] {
  const first = curves[0] ?? [];
  if (curves.every((points) => points.every(([, value], i) => Object.is(value, first[i]![1])))) {
    return [{ name, points: first }];
  }
  return groups.map((group, i) => ({ name: nameOf(group), points: curves[i]! }));
}

function nameOf({ parameters, index }: NumberedGroup): string {
  const others = parameters.length - 1;
  return `group ${index}: ${parameters[0]!.name}${others === 0 ? '' : ` and ${others} more`}`;
}
