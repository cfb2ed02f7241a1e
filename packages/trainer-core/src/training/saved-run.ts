import * as tf from '@tensorflow/tfjs-core';

import type { TensorMap } from '../contracts/batch.js';
import type { ModelLike } from '../contracts/model.js';
import type { MovingAverage } from '../contracts/moving-average.js';
import { CheckpointState } from '../contracts/trainer.js';
import { CheckpointError, StateError } from '../errors.js';
import { cloneState, readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';
import type { RestoredCheckpoint } from '../contracts/checkpointer.js';
import { loadModelState, modelVariables } from './model-state.js';

/** The version of the saved form; another one is refused. */
const VERSION = 1;

/** What a run's future depends on besides its weights, by key, in the order of restoring. */
export type StatefulParts = Readonly<Record<string, Stateful | null>>;

/**
 * A snapshot of a run. Where there is a moving average, the model's weights are the averages and the raw ones stand in the
 * training state, so that a resume is exact.
 */
export function snapshot(model: ModelLike, movingAverage: MovingAverage | null, parts: StatefulParts): CheckpointState {
  // asked first, cloned last: a part that throws leaves no clone
  const states = Object.entries(parts).flatMap(([key, part]) =>
    part === null ? [] : [[key, part.stateDict()] as const],
  );
  const variables = modelVariables(model);
  const shadows = movingAverage?.shadows;
  const weights: TensorMap = {};
  const raw: TensorMap = {};
  for (const [name, variable] of Object.entries(variables)) {
    const shadow = shadows?.get(name);
    weights[name] = tf.clone(shadow ?? variable);
    if (shadow !== undefined) raw[name] = tf.clone(variable);
  }
  return new CheckpointState(weights, {
    version: VERSION,
    rawParameters: raw,
    ...cloneState(Object.fromEntries(states)),
  });
}

/**
 * Brings a run to where a checkpoint was. A part that the checkpoint does not know starts fresh.
 *
 * @throws CheckpointError (`X_CHECKPOINT`) around what does not fit.
 */
export function restoreInto(
  model: ModelLike,
  movingAverage: MovingAverage | null,
  parts: StatefulParts,
  { modelState, trainingState }: RestoredCheckpoint,
): void {
  try {
    const version = readState(trainingState, 'version', 'number');
    if (version !== VERSION) {
      throw new StateError(
        'X_STATE_MISMATCH',
        `the checkpoint has version ${version}, this release reads version ${VERSION}`,
      );
    }
    const raw = readState(trainingState, 'rawParameters', 'object') as Readonly<TensorMap>;
    loadModelState(model, { ...modelState, ...raw });
    if (movingAverage !== null) startAverages(movingAverage, model);
    for (const [key, part] of Object.entries(parts)) {
      const state = trainingState[key];
      if (part !== null && state !== undefined) part.loadStateDict(state as StateDict);
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new CheckpointError(
      'X_CHECKPOINT',
      `could not recover training from the checkpoint: ${error.message}. Did you mean to train into another folder, or to ` +
        'delete this one?',
      { cause: error },
    );
  }
}

/** Averages start from the weights of the checkpoint, not from those that the model was built with. */
function startAverages({ shadows }: MovingAverage, model: ModelLike): void {
  const variables = model.namedVariables();
  for (const [name, shadow] of shadows) shadow.assign(variables[name]!);
}
