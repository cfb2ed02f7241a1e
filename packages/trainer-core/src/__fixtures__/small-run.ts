import * as tf from '@tensorflow/tfjs-core';

import { cloneBatch } from '../contracts/batch.js';
import type { Batch, Outputs, TensorMap } from '../contracts/batch.js';
import { Checkpointer } from '../contracts/checkpointer.js';
import type { Checkpointable, CheckpointPosition, RestoredCheckpoint } from '../contracts/checkpointer.js';
import { Metric } from '../contracts/metric.js';
import type { ForwardMode, ModelLike } from '../contracts/model.js';
import { MovingAverage } from '../contracts/moving-average.js';
import { Optimizer } from '../contracts/optimizer.js';
import type { Coefficients, Hyperparameters, RuleInput, RuleOutput } from '../contracts/optimizer.js';
import { dropout } from '../random/step-random.js';
import { cloneState, disposeState } from '../state/state-dict.js';
import type { StateDict } from '../state/state-dict.js';

/** v = momentum v + g; p = p - lr v. */
export class MomentumDescent extends Optimizer {
  override initialSlots(): Record<string, number> {
    return { velocity: 0 };
  }

  override coefficients(options: Hyperparameters): Coefficients {
    return { lr: Number(options['lr']), momentum: Number(options['momentum'] ?? 0) };
  }

  override update({ parameter, gradient, slots, coefficients: c }: RuleInput): RuleOutput {
    const velocity = tf.add(tf.mul(slots['velocity']!, c['momentum']!), gradient);
    return { parameter: tf.sub(parameter, tf.mul(velocity, c['lr']!)), slots: { velocity } };
  }
}

/** shadow = (shadow + p) / 2. */
export class HalfAverage extends MovingAverage {
  override coefficients(): Coefficients {
    return { half: 0.5 };
  }

  override update(shadow: tf.Tensor, parameter: tf.Tensor, { half }: Readonly<Record<string, tf.Scalar>>): tf.Tensor {
    return tf.mul(tf.add(shadow, parameter), half!);
  }
}

/** The mean absolute error of `prediction` against `y`. */
export class AbsoluteError extends Metric {
  private total = 0;
  private count = 0;

  override update({ prediction }: Readonly<Outputs>, { y }: Batch): void {
    this.total += tf.tidy(() => tf.sum(tf.abs(tf.sub(prediction!, y as tf.Tensor))).dataSync()[0]!);
    this.count += prediction!.size;
  }

  override sums(): Record<string, number> {
    return { total: this.total, count: this.count };
  }

  override compute({ total = 0, count = 0 }: Readonly<Record<string, number>>): Record<string, number> {
    return { error: count > 0 ? total / count : 0 };
  }

  override reset(): void {
    this.load({});
  }

  override load({ total = 0, count = 0 }: Readonly<Record<string, number>>): void {
    this.total = total;
    this.count = count;
  }
}

/** prediction = x w + b with dropout on x in training; loss = mean squared error. */
export class LineModel implements ModelLike {
  readonly metrics = [new AbsoluteError()];
  readonly w = tf.tidy(() => tf.variable(tf.tensor2d([[0.5], [-0.25]])));
  readonly b = tf.tidy(() => tf.variable(tf.zeros([1])));

  constructor(private readonly rate = 0) {}

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w, b: this.b };
  }

  forward({ x, y }: Batch, { training }: ForwardMode): Outputs {
    const input = training ? dropout(x as tf.Tensor2D, this.rate) : (x as tf.Tensor2D);
    const prediction = tf.add(tf.matMul(input, this.w as tf.Tensor as tf.Tensor2D), this.b);
    return { prediction, loss: tf.mean(tf.square(tf.sub(prediction, y as tf.Tensor))) };
  }

  dispose(): void {
    tf.dispose([this.w, this.b]);
  }
}

/** `count` batches of two points of y = 2 x0 - x1 + 1. */
export function lineBatches(count: number): Batch[] {
  return Array.from({ length: count }, (_, i) => ({
    x: tf.tensor2d([
      [i % 3, 1 - i / 10],
      [1, (i % 4) - 1],
    ]),
    y: tf.tensor2d([[2 * (i % 3) - (1 - i / 10) + 1], [2 - ((i % 4) - 1) + 1]]),
  }));
}

/** Keeps everything in memory; by its own rule after every `interval` steps, 0 for never. */
export class MemoryCheckpointer extends Checkpointer {
  readonly positions: (CheckpointPosition & { isBestSoFar: boolean })[] = [];
  private latest: { modelState: TensorMap; trainingState: StateDict } | null = null;
  private best: TensorMap | null = null;

  constructor(private readonly interval = 0) {
    super();
  }

  override async saveCheckpoint(
    trainer: Checkpointable,
    position: CheckpointPosition,
    isBestSoFar = false,
  ): Promise<void> {
    this.positions.push({ ...position, isBestSoFar });
    const state = trainer.getCheckpointState();
    if (this.latest !== null) disposeState(this.latest);
    this.latest = { modelState: cloneBatch(state.modelState), trainingState: cloneState(state.trainingState) };
    if (isBestSoFar) {
      tf.dispose(this.best ?? {});
      this.best = cloneBatch(state.modelState);
    }
    state.dispose();
    this.acknowledge(position, isBestSoFar);
  }

  override async maybeSaveCheckpoint(trainer: Checkpointable, position: CheckpointPosition): Promise<boolean> {
    if (this.interval === 0 || position.batchNumTotal % this.interval !== 0) return false;
    await this.saveCheckpoint(trainer, position);
    return true;
  }

  override async restoreCheckpoint(): Promise<RestoredCheckpoint | null> {
    return this.latest === null ? null : cloneState(this.latest);
  }

  override async bestModelState(): Promise<TensorMap | null> {
    return this.best === null ? null : cloneBatch(this.best);
  }

  dispose(): void {
    if (this.latest !== null) disposeState(this.latest);
    tf.dispose(this.best ?? {});
  }
}

/** The values of a model's parameters. */
export function weightsOf(model: LineModel): number[] {
  return [...model.w.dataSync(), ...model.b.dataSync()];
}
