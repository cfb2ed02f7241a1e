import { inferScalar } from './infer-scalar.js';

// Expected values are those of Python's int() and float().
test.each([
  ['true', true],
  ['False', false],
  ['TRUE', true],
  ['1', 1],
  ['-4', -4],
  ['+4', 4],
  ['007', 7],
  ['1_000', 1000],
  [' 5 ', 5],
  ['1.5', 1.5],
  ['1.', 1],
  ['.5', 0.5],
  ['1e3', 1000],
  ['2E-2', 0.02],
  ['nan', Number.NaN],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['inf', Number.POSITIVE_INFINITY],
])('%j is a value', (text, value) => {
  expect(inferScalar(text)).toBe(value);
});

test.each(['', ' ', '.', 'e3', '0x10', '1__0', '_1', '1 2', 'abc', ' true ', 'null', 'None', '1,5'])(
  '%j stays text',
  (text) => {
    expect(inferScalar(text)).toBe(text);
  },
);
