import cliProgress from 'cli-progress';
import { parseOptions, TrainerCallback } from '@x/trainer-core';
import type { MetricValues, StepEvent, TrainerView, TrainingMetrics } from '@x/trainer-core';
import { z } from 'zod';

import { endOfTraining, nothingLeft } from './end-of-run.js';
import { formatMetrics, formatNumber, formatSeconds } from './format.js';

export const ConsoleProgressOptions = z.strictObject({
  everySeconds: z
    .number()
    .positive()
    .default(10)
    .describe('Seconds between two lines within an epoch, where there is no terminal'),
});

/** Where progress is shown. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Who shows a run on an output: two displays on one terminal would draw over each other. */
const displays = new WeakMap<TrainerView, Map<ProgressOutput, ConsoleProgress>>();

/**
 * Shows how training goes: on a terminal a bar with rate, loss and time left, elsewhere (and where the number of steps is
 * unknown) plain lines; after every epoch one line with its metrics. Only the master shows anything, and of several
 * displays of a run on one output only the first: one in a config takes the place of the one that `x-train` adds.
 */
@TrainerCallback.register('console_progress', ConsoleProgressOptions, (options) => new ConsoleProgress(options))
export class ConsoleProgress extends TrainerCallback {
  private readonly everySeconds: number;
  private bar: cliProgress.SingleBar | null = null;
  private isHidden = false;
  private epochStarted = 0;
  private stepsAtStart = 0;
  private lastLine = 0;
  private training: Readonly<MetricValues> = {};
  private validation: Readonly<MetricValues> | null = null;

  /**
   * @param output default: standard output.
   * @param now a clock in milliseconds.
   */
  constructor(
    options: z.input<typeof ConsoleProgressOptions> = {},
    private readonly output: ProgressOutput = process.stdout,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.everySeconds = parseOptions(ConsoleProgressOptions, options, 'the console progress').everySeconds;
  }

  override onRunStart(trainer: TrainerView): void {
    this.isHidden = !trainer.isMaster || firstDisplay(trainer, this.output, this) !== this;
    const { epoch, batchNumTotal } = trainer;
    if (this.isHidden || batchNumTotal === 0) return;
    if (nothingLeft(trainer) === null) this.line(`going on in epoch ${epoch + 1}, after ${batchNumTotal} steps`);
  }

  override onEpochStart(trainer: TrainerView): void {
    this.epochStarted = this.now();
    this.lastLine = this.epochStarted;
    this.stepsAtStart = trainer.batchesThisEpoch;
    this.validation = null;
    if (!this.isHidden) this.bar = this.startBar(trainer);
  }

  override onStepEnd(trainer: TrainerView, { metrics }: StepEvent): void {
    this.training = metrics;
    if (this.isHidden) return;
    const { rate, left } = this.pace(trainer);
    const loss = formatNumber(metrics['loss'] ?? 0);
    // an evaluation within the epoch has stopped it
    this.bar ??= this.startBar(trainer);
    if (this.bar !== null) {
      this.bar.update(trainer.batchesThisEpoch, { rate: rate.toFixed(1), loss, left });
    } else if (this.now() - this.lastLine >= this.everySeconds * 1000) {
      this.lastLine = this.now();
      const { epoch, numEpochs, batchesThisEpoch, stepsPerEpoch } = trainer;
      const position = `epoch ${epoch + 1}/${numEpochs}  step ${batchesThisEpoch}/${stepsPerEpoch ?? '?'}`;
      this.line(`${position}  ${rate.toFixed(1)} steps/s  loss ${loss}${left === '-' ? '' : `  ${left} left`}`);
    }
  }

  override onEvaluateStart(): void {
    this.stopBar();
  }

  override onEvaluateEnd(_: TrainerView, { metrics }: { readonly metrics: Readonly<MetricValues> }): void {
    this.validation = metrics;
  }

  override onEpochEnd(trainer: TrainerView, { metrics }: { readonly metrics: TrainingMetrics }): void {
    this.stopBar();
    if (this.isHidden) return;
    const { epoch, numEpochs, learningRates, stepsSkipped = 0 } = trainer;
    const parts = [
      `epoch ${epoch + 1}/${numEpochs}`,
      formatMetrics(shown(this.training)),
      ...(this.validation === null ? [] : [`validation: ${formatMetrics(shown(this.validation))}`]),
      `lr ${[...new Set(learningRates.map((rate) => Number(rate.toPrecision(3))))].join(', ')}`,
      formatSeconds((this.now() - this.epochStarted) / 1000),
      ...(stepsSkipped > 0 ? [`${stepsSkipped} ${stepsSkipped === 1 ? 'step' : 'steps'} skipped so far`] : []),
      ...(metrics['best_epoch'] === epoch && this.validation !== null ? ['best so far'] : []),
    ];
    this.line(parts.join('  |  '));
  }

  override onError(): void {
    this.stopBar();
  }

  override onRunEnd(trainer: TrainerView, { metrics }: { readonly metrics: TrainingMetrics | null }): void {
    this.stopBar();
    const reason = metrics === null || trainer.epoch >= trainer.numEpochs ? null : endOfTraining(trainer);
    if (reason !== null && !this.isHidden) this.line(reason);
  }

  private pace({ batchesThisEpoch, stepsPerEpoch }: TrainerView): { rate: number; left: string } {
    const seconds = Math.max((this.now() - this.epochStarted) / 1000, 1e-3);
    const rate = (batchesThisEpoch - this.stepsAtStart) / seconds;
    const left =
      stepsPerEpoch === null || rate === 0 ? '-' : formatSeconds(Math.max(stepsPerEpoch - batchesThisEpoch, 0) / rate);
    return { rate, left };
  }

  /** Null where a bar cannot be drawn: no terminal, or no known end. */
  private startBar({ epoch, numEpochs, stepsPerEpoch, batchesThisEpoch }: TrainerView): cliProgress.SingleBar | null {
    if (this.output.isTTY !== true || stepsPerEpoch === null) return null;
    const name = `epoch ${epoch + 1}/${numEpochs}`;
    const format = `${name} [{bar}] {value}/{total}  {rate} steps/s  loss {loss}  {left} left`;
    const bar = new cliProgress.SingleBar(
      { format, hideCursor: true, clearOnComplete: true, barsize: 24, stream: this.output as NodeJS.WriteStream },
      cliProgress.Presets.legacy,
    );
    bar.start(stepsPerEpoch, batchesThisEpoch, { rate: '-', loss: '-', left: '-' });
    return bar;
  }

  private stopBar(): void {
    this.bar?.stop();
    this.bar = null;
  }

  private line(text: string): void {
    this.output.write(`${text}\n`);
  }
}

function firstDisplay(trainer: TrainerView, output: ProgressOutput, candidate: ConsoleProgress): ConsoleProgress {
  const byOutput = displays.get(trainer) ?? new Map<ProgressOutput, ConsoleProgress>();
  displays.set(trainer, byOutput);
  const first = byOutput.get(output) ?? candidate;
  byOutput.set(output, first);
  return first;
}

/** The penalty is shown only where there is one, and no metric whose name begins with an underscore. */
function shown(metrics: Readonly<MetricValues>): MetricValues {
  const isShown = ([name, value]: [string, number]): boolean =>
    !name.startsWith('_') && (name !== 'reg_loss' || value !== 0);
  return Object.fromEntries(Object.entries(metrics).filter(isShown));
}
