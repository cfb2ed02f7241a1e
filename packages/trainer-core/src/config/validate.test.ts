import { z } from 'zod';

import { ConfigError } from '../errors.js';
import { parseOptions, validate } from './validate.js';

const Options = z.strictObject({
  lr: z.number().nonnegative().default(0.1),
  name: z.string().optional(),
  betas: z.array(z.strictObject({ value: z.number() })).default([]),
  mode: z.enum(['min', 'max']).optional(),
  size: z.union([z.number(), z.strictObject({ rows: z.number() })]).optional(),
});

test('defaults are filled in', () => {
  expect(parseOptions(Options, {}, 'Thing')).toEqual({ lr: 0.1, betas: [] });
});

test.each([
  [{ lrr: 1 }, 'X_CONFIG_UNKNOWN_KEY', ['lrr'], 'unknown key "lrr"; did you mean "lr"?'],
  [
    { momentum: 1 },
    'X_CONFIG_UNKNOWN_KEY',
    ['momentum'],
    'unknown key "momentum"; expected one of lr, name, betas, mode, size',
  ],
  [{ lr: '0.1' }, 'X_CONFIG_WRONG_TYPE', ['lr'], 'expected number, received string "0.1"'],
  [{ lr: NaN }, 'X_CONFIG_WRONG_TYPE', ['lr'], 'expected number, received number NaN'],
  [{ lr: null }, 'X_CONFIG_WRONG_TYPE', ['lr'], 'expected number, received null'],
  [{ betas: { value: 1 } }, 'X_CONFIG_WRONG_TYPE', ['betas'], 'expected a list, received an object {"value":1}'],
  [{ betas: [{}] }, 'X_CONFIG_WRONG_TYPE', ['betas', 0, 'value'], 'is required (number)'],
  [
    { betas: [{ value: 1, valu: 2 }] },
    'X_CONFIG_UNKNOWN_KEY',
    ['betas', 0, 'valu'],
    'unknown key "valu"; did you mean "value"?',
  ],
  [{ size: 'big' }, 'X_CONFIG_WRONG_TYPE', ['size'], 'expected number or an object, received string "big"'],
  [{ size: { rows: 'x' } }, 'X_CONFIG_WRONG_TYPE', ['size', 'rows'], 'expected number, received string "x"'],
])('%j is explained', (options, code, path, message) => {
  expect(validate(Options, options)).toEqual({ ok: false, problems: [{ code, path, message }] });
});

test('a value outside of its range is shown', () => {
  const result = validate(Options, { lr: -1 });
  expect(result).toMatchObject({ ok: false, problems: [{ code: 'X_CONFIG_INVALID', path: ['lr'] }] });
  expect(!result.ok && result.problems[0]!.message).toMatch(/received number -1$/);
});

test('every problem is in the one error', () => {
  const wrong = { lr: 'a', mode: 'up', extra: 1 } as never;
  expect(() => parseOptions(Options, wrong, 'Thing')).toThrow(ConfigError);
  try {
    parseOptions(Options, wrong, 'Thing');
  } catch (error) {
    expect((error as ConfigError).problems.map(({ path }) => path).sort()).toEqual(['extra', 'lr', 'mode']);
    expect((error as ConfigError).message).toContain('the options of Thing have 3 problems');
  }
});

test('instances are named, not printed', () => {
  class Huge {
    readonly self = this;
  }
  const result = validate(Options, { lr: new Huge() });
  expect(result).toMatchObject({ problems: [{ message: 'expected number, received an instance of Huge' }] });
});

test('a choice that is missing is required', () => {
  const schema = z.strictObject({ kind: z.enum(['a', 'b']) });
  expect(validate(schema, {})).toMatchObject({
    problems: [
      {
        code: 'X_CONFIG_WRONG_TYPE',
        path: ['kind'],
        message: expect.stringMatching(/^is required \(.*"a"\|"b"\)$/) as string,
      },
    ],
  });
});

test('of a value that has the form of several alternatives, each says what it misses', () => {
  const schema = z.strictObject({
    shape: z.union([z.strictObject({ side: z.number() }), z.strictObject({ width: z.number(), height: z.number() })]),
  });
  expect(validate(schema, { shape: { width: 'x' } })).toMatchObject({
    problems: [
      {
        code: 'X_CONFIG_INVALID',
        path: ['shape'],
        message: expect.stringMatching(
          /^fits none of the forms that are possible here: side: is required \(number\) and width: unknown key "width".*; or width: expected number, received string "x" and height: is required \(number\)$/,
        ) as string,
      },
    ],
  });
});
