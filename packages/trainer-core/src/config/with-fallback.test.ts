import { withFallback } from './with-fallback.js';

test.each<[string, object, object, object]>([
  ['entries are merged at every depth', { a: { x: 1 } }, { a: { x: 0, y: 2 }, b: 3 }, { a: { x: 1, y: 2 }, b: 3 }],
  [
    'places of a list are changed by number',
    { a: { 1: { lr: 5 } } },
    { a: [{}, { lr: 2, m: 3 }] },
    { a: [{}, { lr: 5, m: 3 }] },
  ],
  ['negative numbers count from the end', { a: { '-2': 7 } }, { a: [1, 2] }, { a: [7, 2] }],
  ['a list takes the place of a list', { a: [9] }, { a: [1, 2] }, { a: [9] }],
  ['null takes any place', { a: null }, { a: { x: 1 } }, { a: null }],
  ['an object takes the place of a number', { a: { x: 1 } }, { a: 5 }, { a: { x: 1 } }],
  ['two spellings are one key', { numEpochs: 3 }, { num_epochs: 2 }, { num_epochs: 3 }],
])('%s', (_, preferred, fallback, merged) => {
  const before = structuredClone([preferred, fallback]);
  expect(withFallback({ ...preferred }, { ...fallback })).toEqual(merged);
  expect([preferred, fallback]).toEqual(before);
});

test('the result shares nothing with the fallback', () => {
  const fallback = { a: [{ x: 1 }], b: { y: 2 } };
  const merged = withFallback({ a: { 0: { z: 3 } } }, fallback);
  (merged['b'] as { y: number }).y = 9;
  expect(fallback).toEqual({ a: [{ x: 1 }], b: { y: 2 } });
});

test('keys that are no place in a list are named', () => {
  expect(() => withFallback({ a: { z: 1, 7: 1, '-2': 1, '1.0': 1 } }, { a: [1] })).toThrow(
    expect.objectContaining({
      code: 'X_CONFIG',
      problems: [
        { code: 'X_CONFIG_OVERRIDE', path: 'a.7', message: '"a" is a list of 1; "7" is out of its bounds' },
        { code: 'X_CONFIG_OVERRIDE', path: 'a.z', message: expect.stringContaining('"z" is not a valid place') },
        { code: 'X_CONFIG_OVERRIDE', path: 'a.-2', message: expect.stringContaining('out of its bounds') },
        { code: 'X_CONFIG_OVERRIDE', path: 'a.1.0', message: expect.stringContaining('"1.0" is not a valid place') },
      ],
    }),
  );
});
