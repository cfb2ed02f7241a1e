import { z } from 'zod';

import { acceptSnakeCase } from './snake-case.js';

const schema = z.strictObject({
  numEpochs: z.number().optional(),
  nested: z.strictObject({ gradNorm: z.number() }).optional(),
  list: z.array(z.strictObject({ maxSize: z.number() })).optional(),
  pairs: z.array(z.tuple([z.array(z.string()), z.strictObject({ weightDecay: z.number() })])).optional(),
  record: z.record(z.string(), z.strictObject({ stdDev: z.number() })).optional(),
  either: z.union([z.number(), z.strictObject({ minValue: z.number() })]).optional(),
});

test.each([
  ['at the top', { num_epochs: 3 }, { numEpochs: 3 }],
  ['below optional', { nested: { grad_norm: 1 } }, { nested: { gradNorm: 1 } }],
  ['in lists', { list: [{ max_size: 1 }, { maxSize: 2 }] }, { list: [{ maxSize: 1 }, { maxSize: 2 }] }],
  ['in tuples', { pairs: [[['a_b'], { weight_decay: 0 }]] }, { pairs: [[['a_b'], { weightDecay: 0 }]] }],
  [
    'below the keys of records, which stay',
    { record: { my_key: { std_dev: 1 } } },
    { record: { my_key: { stdDev: 1 } } },
  ],
  ['in unions', { either: { min_value: 1 } }, { either: { minValue: 1 } }],
  ['not where the schema does not know the key', { other_key: 1 }, { other_key: 1 }],
])('renames keys %s', (_, written, read) => {
  expect(acceptSnakeCase(schema, written)).toEqual({ value: read, problems: [] });
});

test('two spellings of one key are a problem at the second', () => {
  const { problems } = acceptSnakeCase(schema, { numEpochs: 1, num_epochs: 2 });
  expect(problems).toMatchObject([{ code: 'X_CONFIG_TWO_SPELLINGS', path: ['num_epochs'] }]);
});

test('of several object alternatives the one that knows the keys renames them', () => {
  const either = z.union([z.strictObject({ first: z.number() }), z.strictObject({ secondOne: z.number() })]);
  expect(acceptSnakeCase(either, { second_one: 1 }).value).toEqual({ secondOne: 1 });
});
