import type * as tf from '@tensorflow/tfjs-core';
import type { Engine, MovingAverage, Optimizer, StepEvent, TrainerView } from '@x/trainer-core';
import {
  disposeBatch,
  GradientDescentTrainer,
  ParameterSet,
  quietLog,
  TrainerCallback,
  withLog,
} from '@x/trainer-core';

import type { ZooEntry, ZooModel } from './zoo-entry.js';

/** How a zoo entry is trained. */
export interface TrainStepsOptions {
  /** Made anew for the model; disposed afterwards. */
  readonly optimizer: (parameters: ParameterSet) => Optimizer;
  /** For entries with averaged weights. */
  readonly movingAverage: (parameters: ParameterSet) => MovingAverage;
  readonly steps: number;
  /** The steps (1 at the first) after which all weights are read. Default: the last one. */
  readonly readAfter?: readonly number[];
  /** Of the randomness in the steps. Default 1. */
  readonly seed?: number;
}

/** Weights, buffers and averages by name. */
export type Weights = Readonly<Record<string, Float32Array>>;

/** What some steps of training gave. */
export interface TrainedSteps {
  /** The loss of every step. */
  readonly losses: readonly number[];
  /** By the steps that were asked for. */
  readonly weights: ReadonlyMap<number, Weights>;
}

/** Trains a model of the zoo as a user would, with `GradientDescentTrainer`, for some steps. */
export async function trainSteps(engine: Engine, entry: ZooEntry, options: TrainStepsOptions): Promise<TrainedSteps> {
  const { steps, readAfter = [steps], seed = 1 } = options;
  const { model, batch } = entry.make();
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = options.optimizer(parameters);
  const movingAverage = entry.averaged === true ? options.movingAverage(parameters) : null;
  const dataLoader = Array.from({ length: steps }, (_, step) => batch(step));
  const reader = new Reader(model, movingAverage, readAfter);
  try {
    const { gradNorm = null } = entry;
    const parts = { model, optimizer, movingAverage, dataLoader, engine, gradNorm, seed };
    const trainer = new GradientDescentTrainer({ ...parts, numEpochs: 1, callbacks: [reader] });
    await withLog(quietLog, () => trainer.train());
    return { losses: reader.losses, weights: reader.weights };
  } finally {
    dataLoader.forEach(disposeBatch);
    for (const owner of [optimizer, movingAverage, model]) owner?.dispose();
  }
}

/** Notes losses, and reads weights after some steps. */
class Reader extends TrainerCallback {
  readonly losses: number[] = [];
  readonly weights = new Map<number, Weights>();

  constructor(
    private readonly model: ZooModel['model'],
    private readonly movingAverage: MovingAverage | null,
    private readonly readAfter: readonly number[],
  ) {
    super();
  }

  override async onStepEnd({ batchNumTotal }: TrainerView, { loss }: StepEvent): Promise<void> {
    this.losses.push(loss);
    if (this.readAfter.includes(batchNumTotal)) this.weights.set(batchNumTotal, await this.read());
  }

  private async read(): Promise<Weights> {
    const averages = [...(this.movingAverage?.shadows ?? [])];
    const variables: (readonly [string, tf.Variable])[] = [
      ...Object.entries(this.model.namedVariables()),
      ...Object.entries(this.model.namedBuffers?.() ?? {}),
      ...averages.map(([name, variable]) => [`average of ${name}`, variable] as const),
    ];
    const values = await Promise.all(variables.map(async ([name, variable]) => [name, await variable.data()] as const));
    return Object.fromEntries(values.map(([name, data]) => [name, Float32Array.from(data)]));
  }
}
