import { z } from 'zod';

import type { Registration, Registry } from '../plugins/registry.js';
import { settableOf } from '../plugins/settable.js';
import type { ExtensionPoint } from '../plugins/tokens.js';
import { RunConfig } from './run-schema.js';
import { pointOf } from './schema.js';

/** A JSON Schema (draft 2020-12), or a part of one. */
export type JsonSchema = Record<string, unknown>;

const DEFS = '#/$defs/';

/**
 * The JSON Schema of a config that uses the components of `registry`, for editors and other tools. Every extension point
 * is a definition that lists what may stand there; keys are those of this package (camelCase).
 */
export function configJsonSchema(registry: Registry): JsonSchema {
  const points = new Map<string, ExtensionPoint<unknown>>();
  const root = schemaOf(RunConfig, points);
  const definitions: Record<string, JsonSchema> = {};
  // A Map's iteration also reaches the points that a component's own schema adds on the way.
  for (const [kind, point] of points) {
    const registrations = registry.all(kind);
    definitions[kind] = anyOfKind(point, registrations);
    for (const registration of registrations) {
      definitions[definitionName(registration)] = componentSchema(registration, point, points);
    }
  }
  return { ...root, title: 'A run of X Trainer', $defs: definitions };
}

function anyOfKind(point: ExtensionPoint<unknown>, registrations: readonly Registration[]): JsonSchema {
  if (registrations.length === 0) return { not: {}, description: `No listed plugin provides any ${point.kind}` };
  return {
    oneOf: [
      { enum: registrations.map(({ name }) => name) },
      ...registrations.map((registration) => reference(definitionName(registration))),
    ],
  };
}

function componentSchema(
  registration: Registration,
  point: ExtensionPoint<unknown>,
  points: Map<string, ExtensionPoint<unknown>>,
): JsonSchema {
  const { name, schema } = registration;
  const base = `${DEFS}${pointer(definitionName(registration))}`;
  const { $schema: _, ...options } = relocate(schemaOf(schema, points), base);
  const {
    properties = {},
    required = [],
    ...rest
  } = options as { properties?: JsonSchema; required?: readonly string[] };
  const needsType = name !== point.defaultName;
  const settable = Object.entries(settableOf(point, registration)).map(([key, setting]) => {
    const { $schema: _version, ...property } = schemaOf(setting.schema, points);
    return [key, property] as const;
  });
  return {
    ...rest,
    type: 'object',
    properties: {
      type: { const: name, description: `From ${registration.plugin}` },
      ...properties,
      ...Object.fromEntries(settable),
    },
    ...(required.length > 0 || needsType ? { required: [...(needsType ? ['type'] : []), ...required] } : {}),
  };
}

function schemaOf(schema: z.ZodType, points: Map<string, ExtensionPoint<unknown>>): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { type } = zodSchema._zod.def;
      const point = type === 'pipe' || type === 'custom' ? pointOf(zodSchema) : undefined;
      if (point === undefined) return;
      points.set(point.kind, point);
      jsonSchema.$ref = `${DEFS}${pointer(point.kind)}`;
    },
  });
}

/** Makes the references that a schema has to its own root and definitions point to its new place. */
function relocate(schema: JsonSchema, base: string): JsonSchema {
  const own = Object.keys((schema['$defs'] as JsonSchema | undefined) ?? {});
  const move = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(move);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, key === '$ref' ? target(item) : move(item)]),
    );
  };
  const target = (ref: unknown): unknown => {
    if (ref === '#') return base;
    const name = String(ref).startsWith(DEFS) ? String(ref).slice(DEFS.length) : undefined;
    return name !== undefined && own.includes(name) ? `${base}/$defs/${name}` : ref;
  };
  return move(schema) as JsonSchema;
}

function reference(definition: string): JsonSchema {
  return { $ref: `${DEFS}${pointer(definition)}` };
}

function definitionName({ kind, name }: Registration): string {
  return `${kind}.${name}`;
}

/** A name as a part of a JSON pointer in a URL fragment. */
function pointer(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
