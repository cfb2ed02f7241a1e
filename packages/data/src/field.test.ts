import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Instance } from '@x/trainer-core';
import { disposeBatch } from '@x/trainer-core';

import { drain } from './__fixtures__/drain.js';
import { dataLoader } from './array-data-loader.js';
import type { ArrayDataLoaderOptions } from './array-data-loader.js';

const batchOf = async (
  instances: readonly Instance[],
  fields: ArrayDataLoaderOptions['fields'] = {},
): Promise<unknown> => (await drain(dataLoader(instances, { batchSize: instances.length, fields })))[0];

async function dtypesOf(
  instances: readonly Instance[],
  fields: ArrayDataLoaderOptions['fields'] = {},
): Promise<string[]> {
  const dtypes: string[] = [];
  for await (const batch of dataLoader(instances, { fields }).epoch({ epoch: 0 })) {
    dtypes.push((batch['x'] as tf.Tensor).dtype);
    disposeBatch(batch);
  }
  return dtypes;
}

afterEach(() => {
  expect(tf.memory().numTensors).toBe(0);
});

test('lists of several lengths are padded to the longest of the batch and bring a mask', async () => {
  const instances = [
    { tokens: [7, 2], label: 1 },
    { tokens: [8], label: 0 },
    { tokens: [4, 5, 6], label: 1 },
  ];
  const [first, second] = await drain(dataLoader(instances, { batchSize: 2 }));
  expect(first).toEqual({
    tokens: [
      [7, 2],
      [8, 0],
    ],
    tokensMask: [
      [1, 1],
      [1, 0],
    ],
    label: [1, 0],
  });
  // a batch that needs no padding has its mask all the same
  expect(second).toEqual({ tokens: [[4, 5, 6]], tokensMask: [[1, 1, 1]], label: [1] });
});

test('lists of one length bring no mask unless asked for', async () => {
  const instances = [{ x: [1, 2] }, { x: [3, 4] }];
  expect(await batchOf(instances)).toEqual({
    x: [
      [1, 2],
      [3, 4],
    ],
  });
  expect(await batchOf(instances, { x: { mask: true } })).toEqual({
    x: [
      [1, 2],
      [3, 4],
    ],
    xMask: [
      [1, 1],
      [1, 1],
    ],
  });
});

test('lists are padded at every depth that varies, and masked down to the last of them', async () => {
  const characters = await batchOf([{ x: [[1, 2], [3]] }, { x: [[4]] }]);
  expect(characters).toEqual({
    x: [
      [
        [1, 2],
        [3, 0],
      ],
      [
        [4, 0],
        [0, 0],
      ],
    ],
    xMask: [
      [
        [1, 1],
        [1, 0],
      ],
      [
        [1, 0],
        [0, 0],
      ],
    ],
  });
  const vectors = await batchOf([
    {
      x: [
        [1, 2],
        [3, 4],
      ],
    },
    { x: [[5, 6]] },
  ]);
  expect(vectors).toEqual({
    x: [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [5, 6],
        [0, 0],
      ],
    ],
    xMask: [
      [1, 1],
      [1, 0],
    ],
  });
});

test('typed arrays are padded as lists are', async () => {
  const batch = await batchOf([{ x: new Float32Array([0.5, 1]) }, { x: new Float32Array([2]) }, { x: [] }]);
  expect(batch).toEqual({
    x: [
      [0.5, 1],
      [2, 0],
      [0, 0],
    ],
    xMask: [
      [1, 1],
      [1, 0],
      [0, 0],
    ],
  });
});

test('padding has the value and the multiple of its options, and may go without a mask', async () => {
  const fields = { x: { padWith: -1, padToMultipleOf: 4, mask: false } };
  expect(await batchOf([{ x: [1, 2] }, { x: [3] }], fields)).toEqual({
    x: [
      [1, 2, -1, -1],
      [3, -1, -1, -1],
    ],
  });
});

test.each([
  [1, 3],
  [3, 3],
  [4, 5],
  [6, 8],
])(
  'a list of %d is padded to the next of the given lengths, beyond them to the multiple: %d',
  async (length, padded) => {
    const instances = [{ x: Array.from({ length }, () => 7) }, { x: [7] }];
    const batch = await batchOf(instances, { x: { padLengths: [3, 5], padToMultipleOf: 4, mask: true } });
    const row = (value: number, count: number): number[] =>
      Array.from({ length: padded }, (_, i) => (i < count ? value : 0));
    expect(batch).toEqual({ x: [row(7, length), row(7, 1)], xMask: [row(1, length), row(1, 1)] });
  },
);

test('lengths that do not grow are refused', async () => {
  const options = { x: { padLengths: [16, 16] } };
  await expect(batchOf([{ x: [1] }], options)).rejects.toThrow('fields.x.padLengths: expected lengths that grow');
});

test('a field is int32 only where all of its numbers are whole, whatever a single batch holds', async () => {
  expect(await dtypesOf([{ x: 1 }, { x: 2 }])).toEqual(['int32', 'int32']);
  expect(await dtypesOf([{ x: [1] }, { x: [2.5] }])).toEqual(['float32', 'float32']);
  expect(await dtypesOf([{ x: 1 }, { x: 2 ** 31 }])).toEqual(['float32', 'float32']);
  expect(await dtypesOf([{ x: 1 }], { x: { dtype: 'float32' } })).toEqual(['float32']);
});

test('strings, booleans, records and lists of strings stay as they are', async () => {
  const instances = [
    { id: 'a', head: true, meta: { k: 1 }, words: ['x'] },
    { id: null, head: false, meta: { k: 2 }, words: [] },
  ];
  expect(await batchOf(instances)).toEqual({
    id: ['a', null],
    head: [true, false],
    meta: [{ k: 1 }, { k: 2 }],
    words: [['x'], []],
  });
});

test.each([
  [[{ a: 1 }, { b: 1 }], 'instance 1 lacks the field "a"'],
  [[{ a: 1 }, { a: 1, b: 1 }], 'instance 1 has the field "b", which others lack'],
  [[{ a: 1 }, 5], 'instance 1 is the number 5; expected an object'],
  [[{ a: 1 }, { a: 'x' }], 'instance 1: field "a" holds the string "x" among numbers'],
  [[{ a: 'x' }, { a: 1 }], 'instance 1: field "a" holds the number 1 where others hold a string'],
  [[{ a: [1] }, { a: 1 }], 'instance 1: field "a" has a number where others have a list'],
  [[{ a: 1 }, { a: [1] }], 'instance 1: field "a" has a list where others have a number'],
  [[{ a: [1] }, { a: [[1]] }], 'instance 1: field "a" has a list where others have a number'],
  [[{ a: [1] }, { a: [null] }], 'instance 1: field "a" holds null among numbers'],
])('%j does not go together', (instances, message) => {
  expect(() => dataLoader(instances as Instance[])).toThrow(
    expect.objectContaining({ name: 'DataError', code: 'X_DATA_INVALID', message: expect.stringContaining(message) }),
  );
});

test('a tensor in a record is refused', () => {
  const x = tf.scalar(1);
  expect(() => dataLoader([{ x }])).toThrow('instance 0: field "x" holds a tensor; give tensors as columns');
  x.dispose();
});

test('a field that has the name of a mask is an error, and nothing leaks', async () => {
  const loader = dataLoader(
    [
      { x: [1], xMask: 1 },
      { x: [1, 2], xMask: 1 },
    ],
    { batchSize: 2 },
  );
  await expect(drain(loader)).rejects.toThrow('two fields give the batch entry "xMask"');
});
