import type { z } from 'zod';

import type { ExtensionPoint } from '../plugins/tokens.js';

/** The parts of a zod definition that walking a schema needs. */
export interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly element?: z.core.$ZodType;
  readonly items?: readonly z.core.$ZodType[];
  readonly valueType?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly innerType?: z.core.$ZodType;
  readonly getter?: () => z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
}

export function definitionOf(schema: z.core.$ZodType): Definition {
  return (schema as unknown as { def: Definition }).def;
}

/** The schema of what users write: what is inside optional, nullable, default, lazy and pipe wrappers. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const { innerType, getter, in: input, out } = definitionOf(schema);
  const isPreprocess = input !== undefined && definitionOf(input).type === 'transform';
  const inner = innerType ?? getter?.() ?? (isPreprocess ? out : input);
  return inner === undefined ? schema : unwrap(inner);
}

/** The keys that an object schema knows; none for other schemas. */
export function keysOf(schema: z.core.$ZodType): string[] {
  return Object.keys(definitionOf(unwrap(schema)).shape ?? {});
}

// Keyed by the innermost schema, because `describe()` and the like make copies of the outer ones.
const points = new WeakMap<z.core.$ZodType, ExtensionPoint<unknown>>();

/** Marks a schema as standing for a component of `point`. */
export function markComponent(schema: z.core.$ZodType, point: ExtensionPoint<unknown>): void {
  points.set(unwrap(schema), point);
}

/** The extension point whose component a schema stands for; undefined for other schemas. */
export function pointOf(schema: z.core.$ZodType): ExtensionPoint<unknown> | undefined {
  return points.get(unwrap(schema));
}
