import { combine } from '@x/trainer-core';
import type { RandomKey } from '@x/trainer-core';

import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';
import { normalValue, uniformValue } from './random.js';

/** Keys of an input. A second input begins where a step has more: their number is known only after the trace. */
const KEYS_PER_INPUT = 1024;

/** What the host computes: `combine(seed, step, microBatch, site)`, and that with a part. */
interface Slot {
  readonly site: number;
  readonly part?: number;
}

const RADIUS = 1;
const ANGLE = 2;

/**
 * The random values of a graph, and the inputs that make them those of a step: a vector of the keys of all sites, so that
 * the host computes a few words a step and the graph the rest. Sites are counted as the eager engine counts them.
 */
export class SiteKeys {
  private sites = 0;
  private readonly slots: Slot[] = [];

  /** @param name begins the names of the inputs; sources of one graph need different ones. */
  constructor(
    private readonly g: Builder,
    private readonly name = 'random',
  ) {}

  uniform(shape: readonly number[]): Value {
    const site = this.sites++;
    return uniformValue(this.g, this.keyOf({ site }), shape);
  }

  normal(shape: readonly number[]): Value {
    const site = this.sites++;
    const radius = this.keyOf({ site, part: RADIUS });
    return normalValue(this.g, radius, this.keyOf({ site, part: ANGLE }), shape);
  }

  /** What to feed in a step, by name of the input: nothing if nothing was drawn. Each array is uint32. */
  feeds({ seed, step, microBatch }: RandomKey): Record<string, Uint32Array> {
    const feeds: Record<string, Uint32Array> = {};
    for (const [i, { site, part }] of this.slots.entries()) {
      const key = combine(seed, step, microBatch, site);
      const vector = (feeds[this.inputName(i)] ??= new Uint32Array(KEYS_PER_INPUT));
      vector[i % KEYS_PER_INPUT] = part === undefined ? key : combine(key, part);
    }
    return feeds;
  }

  private keyOf(slot: Slot): Value {
    const i = this.slots.push(slot) - 1;
    const keys = this.g.input(this.inputName(i), [KEYS_PER_INPUT], 'uint32');
    return this.g.slice(keys, [i % KEYS_PER_INPUT], [1]);
  }

  private inputName(slot: number): string {
    return `${this.name}:${Math.floor(slot / KEYS_PER_INPUT)}`;
  }
}
