import type { z } from 'zod';

import { camelCase } from '../config/spelling.js';
import { keysOf } from '../config/schema.js';
import type { Descriptor } from './describe.js';
import { injects } from './tokens.js';
import type { ExtensionPoint, Token } from './tokens.js';

/** Something that the run provides to components of a kind, and that a config may say for one of them. */
export interface Settable {
  readonly token: Token<unknown>;
  readonly schema: z.ZodType;
}

/**
 * What the config of one component may say in place of the run, by key in camelCase: what its class has injected and has no
 * option of that name for.
 */
export function settableOf(
  { settable = {} }: ExtensionPoint<unknown>,
  { target, schema }: Descriptor,
): typeof settable {
  const own = keysOf(schema);
  return Object.fromEntries(
    Object.entries(settable).filter(([key, { token }]) => !own.includes(key) && injects(target, token)),
  );
}

/** Options of a config, apart from what they say in place of the run. */
export interface SeparatedOptions {
  readonly options: Record<string, unknown>;
  /** By the key as it is written. */
  readonly settings: readonly (readonly [key: string, value: unknown, settable: Settable])[];
}

/** Separates a component's options from what they say in place of the run. */
export function separate(
  options: Record<string, unknown>,
  settable: Readonly<Record<string, Settable>>,
): SeparatedOptions {
  const entries = Object.entries(options);
  const settings = entries.flatMap(([key, value]) => {
    const found = settable[camelCase(key)];
    return found === undefined ? [] : [[key, value, found] as const];
  });
  return {
    options: Object.fromEntries(entries.filter(([key]) => settable[camelCase(key)] === undefined)),
    settings,
  };
}
