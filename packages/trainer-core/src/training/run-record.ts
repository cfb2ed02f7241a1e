import { isDeepStrictEqual } from 'node:util';

import { flattenConfig } from '../config/flat.js';
import type { RawConfig } from '../config/read-config.js';
import type { Json } from '../contracts/dataset.js';
import type { EngineDescription } from '../contracts/engine.js';
import { configDifferences } from '../run/config-difference.js';

/** What a run is besides its state, as plain data: all that has to be the same for it to go on bit for bit. */
export interface RunRecord {
  /** The seed of all randomness in steps; every stream is a function of it, and of the step or the epoch. */
  readonly seed: number;
  readonly workers: number;
  readonly numGradientAccumulationSteps: number;
  readonly validationMetric: string | readonly string[];
  readonly gradNorm: number | boolean | null;
  readonly gradClipping: number | null;
  readonly device: number;
  /** The rules on which the originals differ. */
  readonly rules: { readonly [rule: string]: Json };
  /** Which implementation each part is. */
  readonly parts: { readonly [part: string]: Json };
  readonly data: { readonly [entry: string]: Json };
  readonly validationData: { readonly [entry: string]: Json } | null;
  readonly engine: EngineDescription;
  /** Of tfjs and, where the run came from a config, of this package and of its plugins. */
  readonly versions: { readonly [name: string]: string };
  /** Where the run came from a config: that config after environment and overrides, and its hash. */
  readonly config: { readonly hash: string; readonly values: RawConfig } | null;
}

/**
 * What differs between two runs, a line for each thing; none if one can go on as the other. What the older record does not
 * have, as that of an older release, is not compared.
 */
export function recordDifferences(before: Partial<RunRecord>, now: RunRecord): string[] {
  const { config: configBefore, ...was } = before;
  const { config: configNow, ...is } = now;
  const known = Object.fromEntries(Object.entries(is).filter(([key]) => key in was));
  const [old, current] = [leavesOf(was), leavesOf(known)];
  const lines = [...new Set([...old.keys(), ...current.keys()])].flatMap((path) => {
    if (isDeepStrictEqual(old.get(path), current.get(path))) return [];
    return [`${path}: the checkpoint has ${inWords(old.get(path))}, this run has ${inWords(current.get(path))}`];
  });
  if (configBefore == null || configNow == null) return lines;
  return [...lines, ...configDifferences(configBefore.values, configNow.values)];
}

function leavesOf(record: RawConfig): Map<string, unknown> {
  return new Map(Object.entries(flattenConfig(record)));
}

function inWords(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
