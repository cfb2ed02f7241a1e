import * as tf from '@tensorflow/tfjs-core';

import type { TensorMap } from '../contracts/batch.js';
import type { RestoredCheckpoint } from '../contracts/checkpointer.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import { CheckpointState } from '../contracts/trainer.js';
import type { ResumeMode } from '../contracts/trainer.js';
import { CheckpointError, StateError } from '../errors.js';
import { log } from '../log.js';
import { cloneState, disposeState, readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import { FORMAT_VERSION, migrated } from './migrations.js';
import { loadModelState, modelVariables } from './model-state.js';
import { recordDifferences } from './run-record.js';
import type { RunRecord } from './run-record.js';

/** What a run's future depends on besides its weights, by key, in the order of restoring. */
export type StatefulParts = Readonly<Record<string, Stateful | null>>;

/** A run as it is saved and restored. */
export interface SavedRun {
  readonly model: ModelLike;
  readonly movingAverage: MovingAverage | null;
  readonly parts: StatefulParts;
  /** What the run is; null for what only saves weights. */
  readonly record: (() => RunRecord) | null;
}

/** What can be done about a run that is not the one of the checkpoint. */
export const HOW_TO_GO_ON =
  'Make the run as it was, or train into another folder. To go on nevertheless, not bit for bit, set resume to "anyway" ' +
  '(--resume anyway): what the checkpoint holds is taken then, learning rates too. To take the weights alone and begin with ' +
  'epoch 1, set it to "weights"';

/** The keys of a saved state that belong to no part. */
const OWN_KEYS = new Set(['version', 'rawParameters', 'run', 'unrecorded']);

/**
 * A snapshot of a run. Where there is a moving average, the model's weights are the averages and the raw ones stand in the
 * training state, so that a resume is exact.
 */
export function snapshot({ model, movingAverage, parts, record }: SavedRun): CheckpointState {
  // asked first, cloned last: a part that throws leaves no clone
  const states = statesOf(parts);
  const run = (record?.() ?? {}) as unknown as StateDict;
  const shadows = movingAverage?.shadows;
  const weights: TensorMap = {};
  const raw: TensorMap = {};
  for (const [name, variable] of Object.entries(modelVariables(model))) {
    const shadow = shadows?.get(name);
    weights[name] = tf.clone(shadow ?? variable);
    if (shadow !== undefined) raw[name] = tf.clone(variable);
  }
  return new CheckpointState(weights, { version: FORMAT_VERSION, run, rawParameters: raw, ...cloneState(states) });
}

/**
 * Brings a run to where a checkpoint was.
 *
 * @param mode `exact` takes all of it or nothing; `anyway` takes what fits, and warns of the rest; `weights` takes the
 *   weights alone.
 * @throws CheckpointError (`X_CHECKPOINT`) that lists all that differs; nothing is changed then.
 */
export function restoreInto(run: SavedRun, restored: RestoredCheckpoint, mode: ResumeMode = 'exact'): void {
  const before = cloneState({ weights: modelVariables(run.model), parts: statesOf(run.parts) });
  try {
    const saved = understood(restored.trainingState);
    const weights = { ...restored.modelState, ...(saved['rawParameters'] as TensorMap) };
    const unfit = problemsOf(() => loadModelState(run.model, weights));
    if (run.movingAverage !== null && unfit.length === 0) startAverages(run.movingAverage, run.model);
    const differences = mode === 'weights' ? [] : [...recorded(run, saved), ...restoreParts(run.parts, saved)];
    if (unfit.length > 0 || (mode === 'exact' && differences.length > 0)) {
      throw refusal([...unfit, ...differences], unfit.length === 0);
    }
    if (mode === 'weights') log.warn('only the weights of the checkpoint are taken: everything else begins anew');
    for (const line of differences) log.warn(`going on although the checkpoint differs: ${line}`);
  } catch (error) {
    loadModelState(run.model, before.weights);
    restoreParts(run.parts, before.parts);
    throw error;
  } finally {
    disposeState(before);
  }
}

/** The saved state in the form of this release. */
function understood(trainingState: StateDict): StateDict {
  try {
    const saved = migrated(trainingState);
    readState(saved, 'rawParameters', 'object');
    readState(saved, 'run', 'object');
    return saved;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new CheckpointError('X_CHECKPOINT', `could not recover training from the checkpoint: ${error.message}`, {
      cause: error,
    });
  }
}

function recorded({ record }: SavedRun, saved: StateDict): string[] {
  return record === null ? [] : recordDifferences(saved['run'] as unknown as Partial<RunRecord>, record());
}

/** Restores every part that can be, and tells of those that cannot: they are as they were. */
function restoreParts(parts: StatefulParts, saved: StateDict): string[] {
  const unrecorded = new Set('unrecorded' in saved ? readState(saved, 'unrecorded', 'array') : []);
  const present = Object.entries(parts).filter((entry): entry is [string, Stateful] => entry[1] !== null);
  const known = new Set(present.map(([key]) => key));
  const surplus = Object.keys(saved).filter((key) => !known.has(key) && !OWN_KEYS.has(key));
  return [
    ...present.flatMap(([key, part]) => {
      if (key in saved) {
        return problemsOf(() => part.loadStateDict(readState(saved, key, 'object'))).map((why) => `${key}: ${why}`);
      }
      return unrecorded.has(key) ? [] : [`${key}: this run has it, the checkpoint does not`];
    }),
    ...surplus.map((key) => `${key}: the checkpoint has it, this run does not`),
  ];
}

function problemsOf(load: () => void): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return [error.message];
  }
}

function refusal(differences: readonly string[], fits: boolean): CheckpointError {
  const advice = fits ? HOW_TO_GO_ON : 'Make the model as it was, or train into another folder';
  const lines = differences.map((line) => `  ${line}`).join('\n');
  return new CheckpointError(
    'X_CHECKPOINT',
    `the checkpoint is not one of this run, and going on would not give the numbers of a run that was not stopped:\n${lines}\n${advice}.`,
  );
}

function statesOf(parts: StatefulParts): Record<string, StateDict> {
  const present = Object.entries(parts).flatMap(([key, part]) =>
    part === null ? [] : [[key, part.stateDict()] as const],
  );
  return Object.fromEntries(present);
}

/** Averages start from the weights of the checkpoint, not from those that the model was built with. */
function startAverages({ shadows }: MovingAverage, model: ModelLike): void {
  const variables = model.namedVariables();
  for (const [name, shadow] of shadows) shadow.assign(variables[name]!);
}
