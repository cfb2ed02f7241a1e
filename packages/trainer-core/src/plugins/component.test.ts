import 'reflect-metadata';
import { z } from 'zod';

import { validate } from '../config/validate.js';
import { Initializer } from '../contracts/initializer.js';
import { component, ComponentSpec, lazyComponent, LazyPart, LazySpec, withRegistry } from './component.js';
import type { ExtensionPoint } from './tokens.js';
import { definePlugin } from './plugin.js';
import { Registry } from './registry.js';

abstract class Shape {
  static readonly kind: string = 'shape';
  abstract area(): number;
}

@Initializer.register('normal', z.strictObject({ stdDev: z.number().default(1) }))
class Normal extends Initializer {
  create(): never {
    throw new Error('never called');
  }
}

@Initializer.register(
  'block',
  z.strictObject({ inner: component(Initializer), others: z.array(component(Initializer)).default([]) }),
)
class Block extends Normal {}

const registry = new Registry([definePlugin({ name: 'acme', provides: [Normal, Block] })]);
const Owner = z.strictObject({
  init: component(Initializer).describe('The first value'),
  shape: component(Shape as ExtensionPoint<Shape>).optional(),
});

function check(value: unknown, schema: z.ZodType = Owner): ReturnType<typeof validate> {
  return withRegistry(registry, () => validate(schema, value));
}

function problems(value: unknown): [string, string, string][] {
  const result = check(value);
  return result.ok ? [] : result.problems.map(({ code, path, message }) => [code, path.join('.'), message]);
}

test('a name, an object and an object without type (where there is a default) become specs', () => {
  for (const init of ['normal', { type: 'normal' }, {}]) {
    const result = check({ init });
    expect(result).toMatchObject({
      ok: true,
      value: { init: { registration: { name: 'normal' }, options: { stdDev: 1 } } },
    });
    expect(result.ok && (result.value as { init: unknown }).init).toBeInstanceOf(ComponentSpec);
  }
});

test('snake_case is accepted at every depth', () => {
  const result = check({ init: { type: 'block', inner: { std_dev: 2 }, others: [{ std_dev: 3 }] } });
  expect(result).toMatchObject({
    value: { init: { options: { inner: { options: { stdDev: 2 } }, others: [{ options: { stdDev: 3 } }] } } },
  });
});

test('instances and lazy parts are accepted as they are', () => {
  const instance = new Normal();
  const part = new LazyPart(() => instance);
  expect(check({ init: instance })).toMatchObject({ value: { init: instance } });
  expect(check({ init: part })).toMatchObject({ value: { init: part } });
});

test('a lazy component is a spec that its owner builds', () => {
  const schema = z.strictObject({ init: lazyComponent(Initializer) });
  const result = check({ init: 'normal' }, schema);
  expect(result.ok && (result.value as { init: unknown }).init).toBeInstanceOf(LazySpec);
  expect(check({ init: new Normal() }, schema)).toMatchObject({ problems: [{ path: ['init'] }] });
});

test.each<[unknown, string, string, RegExp]>([
  [{}, 'X_CONFIG_WRONG_TYPE', 'init', /is required \(an initializer: a name or an object with "type"\)/],
  [{ init: null }, 'X_CONFIG_WRONG_TYPE', 'init', /received null/],
  [{ init: 3 }, 'X_CONFIG_WRONG_TYPE', 'init', /received number 3/],
  [{ init: ['normal'] }, 'X_CONFIG_WRONG_TYPE', 'init', /received a list \["normal"\]/],
  [{ init: { type: 3 } }, 'X_CONFIG_WRONG_TYPE', 'init.type', /received number 3/],
  [
    { init: 'norml' },
    'X_CONFIG_UNKNOWN_NAME',
    'init.type',
    /no listed plugin provides the initializer "norml"; did you mean "normal"\?/,
  ],
  [{ init: 'xavier_uniform' }, 'X_CONFIG_UNKNOWN_NAME', 'init.type', /available are normal, block/],
  [
    { init: 'torch.nn.Init' },
    'X_CONFIG_UNKNOWN_NAME',
    'init.type',
    /the initializer "torch.nn.Init"; a config imports no classes by their path: list the package/,
  ],
  [
    { init: { std: 1 } },
    'X_CONFIG_UNKNOWN_KEY',
    'init.std',
    /unknown key "std"; did you mean "stdDev"\?|the initializer "normal" takes stdDev/,
  ],
  [{ init: { stdDev: '1' } }, 'X_CONFIG_WRONG_TYPE', 'init.stdDev', /expected number, received string "1"/],
  [{ init: { stdDev: 1, std_dev: 1 } }, 'X_CONFIG_TWO_SPELLINGS', 'init.std_dev', /two spellings/],
  [
    { init: { type: 'block', inner: { stdev: 1 } } },
    'X_CONFIG_UNKNOWN_KEY',
    'init.inner.stdev',
    /did you mean "stdDev"\?/,
  ],
  [
    { init: 'normal', shape: {} },
    'X_CONFIG_NO_TYPE',
    'shape.type',
    /a shape needs a "type"; no listed plugin provides any/,
  ],
  [{ init: new Map() }, 'X_CONFIG_WRONG_TYPE', 'init', /received an instance of Map/],
])('%p is refused', (value, code, path, message) => {
  expect(problems(value)).toEqual([[code, path, expect.stringMatching(message)]]);
});

test('all problems of all parts are found at once', () => {
  expect(
    problems({ init: { type: 'block', inner: 'a', others: ['b', { stdev: 1 }] } }).map(([, path]) => path),
  ).toEqual(['init.inner.type', 'init.others.0.type', 'init.others.1.stdev']);
});

test('in code, where no plugins are listed, what is already built is asked for', () => {
  const message = expect.stringMatching(/already built, received string "normal"; .* fromPartialObjects/) as string;
  expect(validate(Owner, { init: 'normal' })).toMatchObject({
    ok: false,
    problems: [{ code: 'X_CONFIG_WRONG_TYPE', message }],
  });
});
