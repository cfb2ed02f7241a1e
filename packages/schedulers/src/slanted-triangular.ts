import type { ConfigProblem, ParameterGroup, StateDict } from '@x/trainer-core';
import {
  ConfigError,
  inject,
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

export const SlantedTriangularOptions = z.strictObject({
  cutFrac: z.number().nonnegative().lt(1).default(0.1).describe('The share of the steps in which the rate goes up'),
  ratio: z
    .number()
    .positive()
    .default(32)
    .describe('The highest learning rate, the configured one, divided by the lowest'),
  gradualUnfreezing: z
    .boolean()
    .default(false)
    .describe('Whether to train the last layer alone in the first epoch and one layer more in each epoch after it'),
  discriminativeFineTuning: z
    .boolean()
    .default(false)
    .describe('Whether each layer has a smaller learning rate than the layer after it'),
  decayFactor: z
    .number()
    .positive()
    .default(0.38)
    .describe("A layer's learning rate divided by that of the layer after it, in discriminative fine-tuning"),
});

export type SlantedTriangularOptions = z.input<typeof SlantedTriangularOptions>;

/**
 * Slanted triangular learning rates: a short linear rise, then a long linear fall.
 *
 * With either of its two options for fine-tuning, the optimizer's parameter groups are the layers of the model, from the
 * input to the output, and the default group comes last. With gradual unfreezing every epoch is a triangle of its own
 * until all layers are trained, and the epochs that are left are a last one.
 *
 * Steps of an epoch are those that the epochs done had on average and, in the first, `stepsPerEpoch`. Where that is unknown,
 * the steps so far count as the whole epoch.
 *
 * Source: Howard and Ruder, Universal Language Model Fine-tuning (2018), as in AllenNLP 2's `slanted_triangular`, which
 * thaws one layer an epoch where AllenNLP 1.0 thawed two.
 */
@LearningRateScheduler.register('slanted_triangular', SlantedTriangularOptions)
export class SlantedTriangular extends LearningRateScheduler {
  private readonly options: z.output<typeof SlantedTriangularOptions>;
  private readonly groups: readonly ParameterGroup[];
  private readonly rates: GroupField;
  /** For each group, the factor of its initial learning rate. */
  private readonly factors: readonly number[];
  /** The number of the last step of each epoch done, after a 0 for the start. */
  private epochEnds: readonly number[] = [0];
  private lastStep = 0;

  /**
   * @param stepsPerEpoch null if unknown.
   * @throws ConfigError (`X_SCHEDULER`) if the parameter groups are not what the options for fine-tuning need.
   */
  constructor(
    options: SlantedTriangularOptions,
    @inject(Optimizer) optimizer: Optimizer,
    @inject(NumberOfEpochs) private readonly numEpochs: number,
    @inject(StepsPerEpoch) private readonly stepsPerEpoch: number | null,
  ) {
    super();
    this.options = parseOptions(SlantedTriangularOptions, options, 'SlantedTriangular');
    this.groups = optimizer.groups;
    this.checkLayers();
    this.rates = learningRates(optimizer);
    const { discriminativeFineTuning, decayFactor } = this.options;
    this.factors = this.groups.map(({ parameters }, i) =>
      discriminativeFineTuning && parameters.length > 0 ? decayFactor ** nonEmpty(this.groups.slice(i + 1)) : 1,
    );
    this.freeze();
    this.stepBatch(0);
  }

  override step(): void {
    this.epochEnds = [...this.epochEnds, this.lastStep];
    this.freeze();
  }

  override stepBatch(batchNumTotal: number): void {
    this.lastStep = batchNumTotal;
    const { cutFrac, ratio } = this.options;
    const { start, length } = this.triangle();
    const height = heightAt(Math.min(batchNumTotal - start, length), length, Math.trunc(length * cutFrac));
    this.rates.set((initial, i) => (initial * this.factors[i]! * (1 + height * (ratio - 1))) / ratio);
  }

  override stateDict(): StateDict {
    const { epochEnds, lastStep } = this;
    return { epochEnds, lastStep };
  }

  /** Also freezes and thaws the layers as they were. */
  override loadStateDict(state: StateDict): void {
    const epochEnds = readState(state, 'epochEnds', 'array').map(Number);
    const lastStep = readState(state, 'lastStep', 'number');
    Object.assign(this, { epochEnds, lastStep });
    this.freeze();
  }

  private get epochsDone(): number {
    return this.epochEnds.length - 1;
  }

  /** The configured groups are the layers; the default group comes after them. */
  private get layers(): number {
    return this.groups.length - 1;
  }

  /** The first step of the present triangle, counted from 0, and its number of steps. */
  private triangle(): { start: number; length: number } {
    const { epochEnds, epochsDone, layers } = this;
    const perEpoch = this.stepsOfAnEpoch();
    if (!this.options.gradualUnfreezing) return { start: 0, length: this.numEpochs * perEpoch };
    if (epochsDone < layers - 1) return { start: epochEnds.at(-1)!, length: perEpoch };
    const start = epochEnds[layers - 1]!;
    return { start, length: this.numEpochs * perEpoch - start };
  }

  private stepsOfAnEpoch(): number {
    const { epochEnds, epochsDone, stepsPerEpoch, lastStep } = this;
    if (epochsDone > 0) return Math.trunc(epochEnds.at(-1)! / epochsDone);
    return Math.max(stepsPerEpoch ?? 1, lastStep);
  }

  private freeze(): void {
    if (!this.options.gradualUnfreezing) return;
    this.groups.forEach(({ parameters }, i) => {
      const layersAfter = this.layers - 1 - i;
      for (const parameter of parameters) parameter.trainable = layersAfter <= this.epochsDone;
    });
  }

  private checkLayers(): void {
    const { gradualUnfreezing, discriminativeFineTuning } = this.options;
    const problems: ConfigProblem[] = [];
    if ((gradualUnfreezing || discriminativeFineTuning) && this.layers < 2) {
      problems.push({
        code: 'X_SCHEDULER',
        path: gradualUnfreezing ? 'gradualUnfreezing' : 'discriminativeFineTuning',
        message:
          "expected at least two entries in the optimizer's parameterGroups, one for each layer, from the input to the " +
          `output; received ${this.layers}`,
      });
    }
    const strays = this.groups.at(-1)!.parameters;
    if (gradualUnfreezing && strays.length > 0) {
      problems.push({
        code: 'X_SCHEDULER',
        path: 'gradualUnfreezing',
        message:
          "expected an entry of the optimizer's parameterGroups to find every parameter; received an optimizer whose " +
          `default group has ${strays.map(({ name }) => name).join(', ')}`,
      });
    }
    if (problems.length > 0) throw new ConfigError(problems, 'the options of SlantedTriangular');
  }
}

/** The height, 0 to 1, of a triangle that rises until `cut` and has fallen at `length`. */
function heightAt(step: number, length: number, cut: number): number {
  if (step < cut) return step / cut;
  return length > cut ? 1 - (step - cut) / (length - cut) : 0;
}

function nonEmpty(groups: readonly ParameterGroup[]): number {
  return groups.filter(({ parameters }) => parameters.length > 0).length;
}
