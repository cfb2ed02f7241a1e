import * as tf from '@tensorflow/tfjs-core';

import type { Batch, Outputs, TensorMap } from '../contracts/batch.js';
import type { Communicator } from '../contracts/communicator.js';
import type { Engine, Program, RandomKey, RunRequest, RunResult } from '../contracts/engine.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import type { Optimizer } from '../contracts/optimizer.js';
import type { Precision } from '../contracts/precision.js';
import type { LogNeeds } from '../contracts/tensorboard-writer.js';
import { StateError } from '../errors.js';
import { log } from '../log.js';
import { gradientsProgram } from '../programs/gradients.js';
import { clampProgram, normProgram, rescaleProgram } from '../programs/rescale.js';
import { sequence, withoutEffect } from '../programs/sequence.js';
import { planUpdate } from '../programs/update.js';
import type { UpdateOptions } from '../programs/update.js';
import { NamedState } from '../state/named-state.js';
import type { Parameter, ParameterSet } from '../state/parameters.js';
import { stateNamesOf } from '../state/state-names.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { readState } from '../state/state-dict.js';
import { allReduceGradients } from './all-reduce-gradients.js';
import { explainNonFinite } from './anomaly.js';
import { NonFinite } from './non-finite.js';
import type { Finding, Undone } from './non-finite.js';

/** How gradients are bounded. */
export interface GradientLimits {
  /** The largest norm of all gradients together, null, false or 0 for none; true only reports it. */
  readonly gradNorm: number | boolean | null;
  /** The largest absolute value of an element, null for none. */
  readonly gradClipping: number | null;
  /** Whether elements are clamped per micro-batch, before accumulation and norm (1.0), or once per step, after (2.10). */
  readonly gradClippingAt: 'microBatch' | 'step';
}

/** The parts that a step is composed of, once, at the start of a run. */
export interface TrainingStepParts {
  readonly engine: Engine;
  readonly communicator: Communicator;
  readonly precision: Precision;
  readonly optimizer: Optimizer;
  readonly movingAverage: MovingAverage | null;
  readonly parameters: ParameterSet;
  readonly buffers: Readonly<Record<string, tf.Variable>>;
  readonly limits: GradientLimits;
  /** What is done about values that are not finite. Default: the original's rule. */
  readonly nonFinite?: NonFinite;
  readonly seed: number;
  /** The model's outputs for a training batch, penalty included. */
  readonly outputs: (batch: Batch) => Outputs;
}

/** What happens inside a step, for those who look. */
export interface StepWatcher {
  /** Whether anybody looks between gradients and update. */
  readonly watches: boolean;
  microBatchEnded(index: number, loss: number, outputs: Readonly<Outputs>): Promise<void>;
  /** Bounds the norm of the gradients; returns the norm before. */
  rescale(): Promise<number | null>;
  gradientsReady(gradients: Readonly<TensorMap>, gradientNorm: number | null): Promise<void>;
  /** Sets the hyperparameters of this step. */
  schedule(batchNumTotal: number): void;
}

/** A finished step. Outputs and kept tensors are the caller's. */
export interface StepResult {
  readonly outputs: readonly Outputs[];
  /** The loss of the step, with penalty: the mean over its micro-batches. */
  readonly loss: number;
  /** The mean of their penalties. */
  readonly regLoss: number;
  readonly gradientNorm: number | null;
  /** False where non-finite gradients made the step be skipped. */
  readonly committed: boolean;
  /** What is to be done after a step that was left out for a value that is not finite; else null. */
  readonly undone: Undone | null;
  readonly gradients?: TensorMap;
  readonly parametersBefore?: TensorMap;
}

/**
 * One optimizer step: gradients of each micro-batch, all-reduce, norm, schedules, update, average. It is run as one fused
 * program where one process takes one batch and nobody looks in between, and as separate programs otherwise.
 */
export class TrainingStep implements Stateful {
  readonly state: NamedState = new NamedState();
  /** Names of the parameters that any gradient has reached so far: from then on they are updated in every step. */
  private everReached = new Set<string>();
  /** Names of the parameters of which a row-sparse gradient touched rows so far: in a step without a gradient, none is. */
  private everTouched = new Set<string>();
  private announcedSplit = false;
  private readonly nonFinite: NonFinite;
  /** The parameters in the optimizer, frozen ones too, in the order of the model. */
  private readonly optimized: readonly Parameter[];

  constructor(private readonly parts: TrainingStepParts) {
    const { parameters, buffers, movingAverage, optimizer, precision } = parts;
    this.nonFinite = parts.nonFinite ?? new NonFinite(precision);
    const inOptimizer = new Set(optimizer.groups.flatMap((group) => group.parameters.map(({ name }) => name)));
    this.optimized = [...parameters].filter(({ name }) => inOptimizer.has(name));
    for (const { name, variable } of parameters) this.state.define(`parameters/${name}`, variable);
    for (const [name, variable] of Object.entries(buffers)) this.state.define(`buffers/${name}`, variable);
    for (const [name, variable] of movingAverage?.shadows ?? []) this.state.define(`averages/${name}`, variable);
  }

  /**
   * @param group the micro-batches of the step; they stay the caller's.
   * @param batchNumTotal the number of this step, 1 at the first.
   * @throws NonFiniteError (`X_NAN_LOSS`, `X_NON_FINITE`); nothing of the step is applied then, nor after any other error before its update.
   * An error of the optimizer's rule itself may leave some parameters updated (see `Program.inPlace`).
   */
  async run(
    group: readonly Batch[],
    batchNumTotal: number,
    watcher: StepWatcher,
    needs: LogNeeds,
  ): Promise<StepResult> {
    const outputs: Outputs[] = [];
    const kept: { gradients?: TensorMap; parametersBefore?: TensorMap } = {};
    const unscheduled = this.parts.optimizer.groups.map(({ options }) => ({ ...options }));
    const unschedule = (): void =>
      this.parts.optimizer.groups.forEach(({ options }, i) => Object.assign(options, unscheduled[i]));
    try {
      if (needs.parametersBefore) {
        kept.parametersBefore = cloneAll(
          this.parts.parameters.names.map((name) => [name, this.state.get(`parameters/${name}`)!]),
        );
      }
      const fused = this.canFuse(group, watcher, needs);
      const result = fused
        ? await this.runFused(group[0]!, batchNumTotal, watcher, outputs)
        : await this.runSplit(group, batchNumTotal, watcher, outputs, needs.gradients ? kept : null);
      if (result.undone === null) this.parts.precision.stepFinished(result.committed);
      else unschedule();
      return { outputs, ...result, ...kept };
    } catch (error) {
      tf.dispose(outputs);
      tf.dispose(kept);
      unschedule();
      throw error;
    } finally {
      this.state.clearTemporaries();
    }
  }

  /** Rescales the gradients of the step under way, or computes their norm; null, and nothing done, where `gradNorm` is off. */
  async rescaleGradients(): Promise<number | null> {
    const norm = this.norm(this.gradientNames());
    if (norm === null) return null;
    const { outputs } = await this.execute(norm.program, { numbers: norm.numbers });
    return takeNumber(outputs, 'gradientNorm');
  }

  stateDict(): StateDict {
    const everTouched = this.everTouched.size > 0 ? { everTouched: [...this.everTouched] } : {};
    return { everReached: [...this.everReached], ...everTouched };
  }

  loadStateDict(state: StateDict): void {
    this.everReached = new Set(readState(state, 'everReached', 'array').map(String));
    this.everTouched = new Set('everTouched' in state ? readState(state, 'everTouched', 'array').map(String) : []);
  }

  private canFuse(group: readonly Batch[], watcher: StepWatcher, needs: LogNeeds): boolean {
    const alone = group.length === 1 && this.parts.communicator.worldSize === 1;
    const seen = watcher.watches || needs.gradients;
    if (alone && watcher.watches && !this.announcedSplit) {
      this.announcedSplit = true;
      log.info('a callback looks between gradients and update: every step runs as separate programs');
    }
    return alone && !seen && this.trained().every(({ name }) => this.everReached.has(name));
  }

  private async runFused(
    batch: Batch,
    batchNumTotal: number,
    watcher: StepWatcher,
    outputs: Outputs[],
  ): Promise<Omit<StepResult, 'outputs'>> {
    watcher.schedule(batchNumTotal);
    const trained = this.trained();
    const names = trained.map(({ name }) => name);
    const update = this.planUpdate(trained, batchNumTotal);
    const norm = this.norm(names);
    const program = sequence([
      this.gradients(),
      ...(norm === null ? [] : [norm.program]),
      ...this.stepClamp(names),
      update.program,
    ]);
    const result = await this.execute(program, {
      batch,
      numbers: { ...this.gradientNumbers(1), ...norm?.numbers, ...update.numbers },
      random: this.randomKey(batchNumTotal, 0),
      commitIf: this.nonFinite.commitIf,
    });
    const gradientNorm = norm === null ? null : takeNumber(result.outputs, 'gradientNorm');
    const ofUpdate = this.nonFinite.ofUpdate(result.outputs, names);
    outputs.push(result.outputs);
    const { loss, regLoss } = await readLosses(result.outputs);
    const afterwards = await ofUpdate;
    const found = this.nonFinite.ofLoss(loss) ?? afterwards;
    const undone = found && (await this.undone(found, [batch], batchNumTotal));
    if (result.committed) this.updated(trained, touchedBy(result.written));
    return { loss, regLoss, gradientNorm: await gradientNorm, committed: result.committed, undone };
  }

  private async runSplit(
    group: readonly Batch[],
    batchNumTotal: number,
    watcher: StepWatcher,
    outputs: Outputs[],
    keep: { gradients?: TensorMap } | null,
  ): Promise<Omit<StepResult, 'outputs'>> {
    const losses: number[] = [];
    const regLosses: number[] = [];
    let found: Finding | null = null;
    const left = async (finding: Finding): Promise<Omit<StepResult, 'outputs'>> => {
      const undone = await this.undone(finding, group, batchNumTotal);
      return { loss: mean(losses), regLoss: mean(regLosses), gradientNorm: null, committed: false, undone };
    };
    for (const [index, batch] of group.entries()) {
      const result = await this.execute(this.gradients(), {
        batch,
        numbers: this.gradientNumbers(group.length),
        random: this.randomKey(batchNumTotal, index),
      });
      outputs.push(result.outputs);
      const { loss, regLoss } = await readLosses(result.outputs);
      losses.push(loss);
      regLosses.push(regLoss);
      found = this.nonFinite.ofLoss(loss);
      if (found !== null) break;
      await watcher.microBatchEnded(index, loss, result.outputs);
    }
    found = await this.nonFinite.ofWorkers(found, this.parts.communicator);
    if (found !== null) return left(found);
    await allReduceGradients(this.parts.communicator, this.parts.engine, this.state, this.trained());
    const gradientNorm = await watcher.rescale();
    for (const clamp of this.stepClamp(this.gradientNames())) await this.execute(clamp, {});
    if (watcher.watches || keep !== null) {
      const gradients = Object.fromEntries(this.state.temporariesIn('gradients'));
      if (keep !== null) keep.gradients = { ...this.zeroGradients(), ...cloneAll(Object.entries(gradients)) };
      await watcher.gradientsReady(gradients, gradientNorm);
    }
    watcher.schedule(batchNumTotal);
    const touched = [...this.state.temporariesIn('touchedRows').keys()];
    const reached = new Set([...this.everReached, ...this.gradientNames()]);
    const trained = this.trained().filter(({ name }) => reached.has(name));
    const update = this.planUpdate(trained, batchNumTotal);
    const result = await this.execute(update.program, {
      numbers: update.numbers,
      commitIf: this.nonFinite.commitIf,
    });
    found = await this.nonFinite.ofUpdate(
      result.outputs,
      trained.map(({ name }) => name),
    );
    tf.dispose(result.outputs);
    if (found !== null) return left(found);
    if (result.committed) this.updated(trained, touched);
    const { committed } = result;
    return { loss: mean(losses), regLoss: mean(regLosses), gradientNorm, committed, undone: null };
  }

  private undone(finding: Finding, group: readonly Batch[], batchNumTotal: number): Promise<Undone> {
    return this.nonFinite.act(finding, batchNumTotal, () => this.explain(group, batchNumTotal, finding));
  }

  /** Computes the step again, op by op. Nothing of it is applied. */
  private explain(group: readonly Batch[], batchNumTotal: number, { place }: Finding): Promise<string> {
    this.state.clearTemporaries();
    return explainNonFinite(this.state, group, place === 'loss' ? 'forward' : 'all', async (run) => {
      for (const [index, batch] of group.entries()) {
        const numbers = this.gradientNumbers(group.length);
        await run(this.gradients(), { batch, numbers, random: this.randomKey(batchNumTotal, index) });
      }
      const names = this.gradientNames();
      const norm = this.norm(names);
      const update = this.planUpdate(
        this.trained().filter(({ name }) => this.everReached.has(name) || names.includes(name)),
        batchNumTotal,
        { guarded: false, watched: [] },
      );
      const rest = sequence([...(norm === null ? [] : [norm.program]), ...this.stepClamp(names), update.program]);
      await run(withoutEffect(rest), { numbers: { ...norm?.numbers, ...update.numbers }, commitIf: 'not-nan' });
    });
  }

  /** What parameters are updated with that earlier steps have reached and this one has not. The caller owns them. */
  private zeroGradients(): TensorMap {
    const found = this.gradientNames();
    const unreached = this.trained().filter(({ name }) => this.everReached.has(name) && !found.includes(name));
    return Object.fromEntries(unreached.map(({ name, variable }) => [name, tf.zerosLike(variable)]));
  }

  private gradients(): ReturnType<typeof gradientsProgram> {
    const { outputs, buffers, precision, limits } = this.parts;
    const clipping = limits.gradClippingAt === 'microBatch' ? limits.gradClipping : null;
    const guarded = this.nonFinite.guardsLoss;
    return gradientsProgram({ outputs, parameters: this.trained(), buffers, precision, clipping, guarded });
  }

  /** What rescales these gradients, or only computes their norm; null where `gradNorm` is off. */
  private norm(names: readonly string[]): { program: Program; numbers: Record<string, number> } | null {
    const { gradNorm } = this.parts.limits;
    if (gradNorm === true) return { program: normProgram(names), numbers: {} };
    if (gradNorm === null || gradNorm === false || gradNorm === 0) return null;
    return { program: rescaleProgram(names), numbers: { maxNorm: gradNorm } };
  }

  private stepClamp(names: readonly string[]): ReturnType<typeof clampProgram>[] {
    const { gradClipping, gradClippingAt } = this.parts.limits;
    return gradClipping !== null && gradClippingAt === 'step' ? [clampProgram(names, gradClipping)] : [];
  }

  private planUpdate(
    parameters: readonly Parameter[],
    batchNumTotal: number,
    guards: Pick<UpdateOptions, 'guarded' | 'watched'> = {
      guarded: this.parts.precision.skipsNonFinite,
      watched: this.nonFinite.watched,
    },
  ): ReturnType<typeof planUpdate> {
    const { optimizer, movingAverage, buffers } = this.parts;
    for (const parameter of parameters) {
      for (const [slot, variable] of Object.entries(optimizer.state.slotsOf(parameter))) {
        this.state.define(stateNamesOf(parameter).slot(slot), variable);
      }
    }
    return planUpdate({
      optimizer,
      parameters,
      movingAverage,
      batchNumTotal,
      buffers: Object.keys(buffers),
      rowSparse: this.everTouched,
      ...guards,
    });
  }

  /** The parameters that training changes now: in the optimizer, and not frozen. */
  private trained(): Parameter[] {
    return this.optimized.filter(({ trainable }) => trainable);
  }

  private gradientNames(): string[] {
    return [...this.state.temporariesIn('gradients').keys()];
  }

  private gradientNumbers(groupSize: number): Record<string, number> {
    return { groupSize, lossScale: this.parts.precision.lossScale };
  }

  private randomKey(batchNumTotal: number, microBatch: number): RandomKey {
    const { seed, communicator } = this.parts;
    return { seed: seed + communicator.rank, step: batchNumTotal, microBatch };
  }

  private execute(program: Program, request: RunRequest): Promise<RunResult> {
    return this.parts.engine.run(program, this.state, request);
  }

  private updated(parameters: readonly Parameter[], touched: readonly string[]): void {
    for (const name of touched) this.everTouched.add(name);
    for (const parameter of parameters) {
      this.everReached.add(parameter.name);
      this.parts.optimizer.state.advance(parameter);
    }
  }
}

/** Frees what a step leaves to the caller. */
export function disposeStep({ outputs, gradients = {}, parametersBefore = {} }: StepResult): void {
  tf.dispose([...outputs, gradients, parametersBefore] as tf.TensorContainer);
}

/** The sum of float32 shares, as the original has it. */
function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + Math.fround(value / values.length), 0);
}

/** The parameters of which a fused program touched rows. */
function touchedBy(written: ReadonlySet<string>): string[] {
  const folder = 'touchedRows/';
  return [...written].filter((name) => name.startsWith(folder)).map((name) => name.slice(folder.length));
}

async function readLosses(outputs: Outputs): Promise<{ loss: number; regLoss: number }> {
  const read = async (name: string): Promise<number> => (await outputs[name]?.data())?.[0] ?? 0;
  return { loss: await read('loss'), regLoss: await read('regLoss') };
}

async function takeNumber(outputs: Outputs, name: string): Promise<number> {
  const tensor = outputs[name];
  if (tensor === undefined) throw new StateError('X_STATE_MISMATCH', `the step should have put out "${name}"`);
  delete outputs[name];
  try {
    return (await tensor.data())[0]!;
  } finally {
    tensor.dispose();
  }
}

function cloneAll(tensors: readonly (readonly [string, tf.Tensor])[]): TensorMap {
  return Object.fromEntries(tensors.map(([name, tensor]) => [name, tf.clone(tensor)]));
}
