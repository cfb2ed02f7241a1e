import 'reflect-metadata';
import { z } from 'zod';

import { Initializer } from '../contracts/initializer.js';
import { Model } from '../contracts/model.js';
import { component } from '../plugins/component.js';
import type { AnyClass } from '../plugins/describe.js';
import { definePlugin } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { configJsonSchema } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';

const unused = (): never => {
  throw new Error('never called');
};

interface Tree {
  readonly value: number;
  readonly children?: Tree[] | undefined;
}
const TreeSchema: z.ZodType<Tree> = z.strictObject({
  value: z.number(),
  children: z.array(z.lazy(() => TreeSchema)).optional(),
});

@Initializer.register('normal', z.strictObject({ stdDev: z.number().default(1).describe('Standard deviation') }))
class Normal extends Initializer {
  create = unused;
}

@Initializer.register('a/b', z.strictObject({ scale: z.number() }))
class Slash extends Initializer {
  create = unused;
}

@Model.register(
  'mlp',
  z.strictObject({
    sizes: z.array(z.int()),
    init: component(Initializer).optional().describe('First values'),
    tree: TreeSchema.optional(),
  }),
)
class Mlp extends Model {
  forward = unused;
  namedVariables = unused;
}

const schema = configJsonSchema(
  new Registry([definePlugin({ name: 'acme', provides: [Normal, Slash, Mlp] as AnyClass[] })]),
);
const definitions = schema['$defs'] as Record<string, JsonSchema>;

test('the top level is closed, requires what a run requires, and keeps descriptions', () => {
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    required: ['model', 'dataLoader', 'trainer'],
    properties: {
      model: { $ref: '#/$defs/model', description: 'The model to train' },
      randomSeed: { type: 'integer', default: 13370 },
    },
  });
  expect(Object.keys(schema['properties'] as object)).not.toContain('data_loader');
});

test('a component is the name or the options of one of the listed plugins', () => {
  expect(definitions['initializer']).toEqual({
    oneOf: [{ enum: ['normal', 'a/b'] }, { $ref: '#/$defs/initializer.normal' }, { $ref: '#/$defs/initializer.a~1b' }],
  });
  expect(definitions['model.mlp']).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['type', 'sizes'],
    properties: {
      type: { const: 'mlp' },
      sizes: { type: 'array', items: { type: 'integer' } },
      init: { $ref: '#/$defs/initializer', description: 'First values' },
    },
  });
});

test('the default of an extension point needs no type', () => {
  expect(definitions['initializer.normal']).toMatchObject({
    properties: { stdDev: { default: 1, description: 'Standard deviation' } },
  });
  expect(definitions['initializer.normal']).not.toHaveProperty('required');
});

test('where no plugin provides anything, nothing is valid', () => {
  expect(definitions['trainer']).toMatchObject({ not: {}, description: 'No listed plugin provides any trainer' });
});

test('every reference leads somewhere', () => {
  const references = new Set(JSON.stringify(schema).match(/(?<="\$ref":")[^"]+/g));
  expect(references.size).toBeGreaterThan(8);
  for (const reference of references) {
    const steps = reference
      .slice(2)
      .split('/')
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    const target = steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], schema);
    expect([reference, typeof target]).toEqual([reference, 'object']);
  }
});
