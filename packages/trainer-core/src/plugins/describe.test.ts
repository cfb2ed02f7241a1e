import 'reflect-metadata';
import { z } from 'zod';

import { Initializer } from '../contracts/initializer.js';
import { Regularizer } from '../contracts/regularizer.js';
import { descriptorsOf } from './describe.js';

const One = z.strictObject({ value: z.number() });

@Initializer.register('first', One, () => new Two())
@Initializer.register('second')
class Two extends Initializer {
  create(): never {
    throw new Error('never called');
  }
}

class Child extends Two {}

test('a class may be registered under several names, each with its schema and factory', () => {
  expect(descriptorsOf(Two)).toEqual([
    { kind: 'initializer', name: 'second', target: Two, schema: expect.anything() },
    { kind: 'initializer', name: 'first', target: Two, schema: One, factory: expect.any(Function) },
  ]);
});

test('a class without a schema takes no options', () => {
  expect(descriptorsOf(Two)[0]!.schema.safeParse({}).success).toBe(true);
  expect(descriptorsOf(Two)[0]!.schema.safeParse({ a: 1 }).success).toBe(false);
});

test('a child is not registered because its parent is', () => {
  expect(descriptorsOf(Child)).toEqual([]);
  Regularizer.register('child')(Child as never);
  expect(descriptorsOf(Child).map(({ kind, name }) => [kind, name])).toEqual([['regularizer', 'child']]);
  expect(descriptorsOf(Two)).toHaveLength(2);
});

test.each([[undefined], [null], [{}], ['text'], [class {}]])('%p has no descriptors', (value) => {
  expect(descriptorsOf(value)).toEqual([]);
});
