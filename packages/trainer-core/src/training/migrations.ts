import { StateError } from '../errors.js';
import { readState } from '../state/state-dict.js';
import type { StateDict } from '../state/state-dict.js';

/** The version of the form in which a run is saved. */
export const FORMAT_VERSION = 2;

/** What brings a saved state from the version of its key to the next one. Pure: tensors stay where they are. */
const MIGRATIONS: Readonly<Record<number, (state: StateDict) => StateDict>> = { 1: splitCallbacksAndRecord };

/**
 * A saved state in the form of this release.
 *
 * @throws StateError (`X_STATE_MISMATCH`) for one of a newer release, or that has no version.
 */
export function migrated(saved: StateDict): StateDict {
  const version = readState(saved, 'version', 'number');
  const migrate = MIGRATIONS[version];
  if (version === FORMAT_VERSION) return saved;
  if (migrate !== undefined) return migrated(migrate(saved));
  const advice = version > FORMAT_VERSION ? '; a newer release saved it: update @x/trainer-core' : '';
  throw new StateError(
    'X_STATE_MISMATCH',
    `the checkpoint has format version ${version}, this release reads versions 1 to ${FORMAT_VERSION}${advice}`,
  );
}

/**
 * Version 1 had the states of callbacks under one key, the description of the engine beside its state, and nothing about
 * seed, data and versions. What it did not hold is listed as unrecorded.
 */
function splitCallbacksAndRecord(state: StateDict): StateDict {
  const { callbacks = {}, engine, progress, ...rest } = state;
  const { description = null, state: choices = {} } = (engine ?? {}) as StateDict;
  const name = (description as StateDict | null)?.['name'] ?? '';
  const apart = Object.entries(callbacks as StateDict).map(([name, each]) => [`callbacks.${name}`, each] as const);
  return {
    ...rest,
    ...Object.fromEntries(apart),
    version: 2,
    progress: { ...(progress as StateDict), stepsSkipped: 0, batchesTotal: 0, examplesTotal: 0 },
    ...(engine === undefined ? {} : { engine: { name, choices } }),
    run: description === null ? {} : { engine: description },
    unrecorded: ['dataPosition', 'freezing', 'requests', 'drawsOutsideSteps', 'report'],
  };
}
