import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '@x/trainer-core';
import { ConfigError, DataError, disposeBatch } from '@x/trainer-core';

import type { ArrayDataLoaderOptions } from './index.js';
import { dataLoader, generatorLoader, IndexedVocabulary } from './index.js';

const sentences = [
  { words: ['the', 'cat'], chars: [['t', 'h', 'e'], ['c']], label: 'neg' },
  { words: ['the'], chars: [['t']], label: 'pos' },
  { words: ['cat', 'the'], chars: [['c'], ['t']], label: 'pos' },
];
const namespaces = { words: 'tokens', chars: 'chars', label: 'labels' };
const fields = Object.fromEntries(Object.entries(namespaces).map(([field, namespace]) => [field, { namespace }]));
const made = IndexedVocabulary.fromInstances(sentences, namespaces); // tokens: the 2, cat 3; labels: pos 0, neg 1

async function batchesOf(batches: AsyncIterable<Batch>): Promise<unknown[]> {
  const before = tf.memory().numTensors;
  const found: unknown[] = [];
  const shown = (tensor: tf.Tensor): object => ({
    shape: tensor.shape,
    dtype: tensor.dtype,
    data: [...tensor.dataSync()],
  });
  for await (const batch of batches) {
    found.push(Object.fromEntries(Object.entries(batch).map(([name, value]) => [name, shown(value as tf.Tensor)])));
    disposeBatch(batch);
  }
  expect(tf.memory().numTensors).toBe(before);
  return found;
}

const load = async (options: ArrayDataLoaderOptions, data: readonly object[] = sentences): Promise<unknown[]> =>
  batchesOf(dataLoader(data as never, { ...options, vocabulary: await made }).epoch({ epoch: 0 }));

test('tokens become their numbers, padded and masked; labels their numbers', async () => {
  const [batch] = (await load({ batchSize: 2, fields })) as Batch[];
  expect(Object.keys(batch!)).toEqual(['words', 'wordsMask', 'chars', 'charsMask', 'label']);
  expect(batch).toMatchObject({
    words: { shape: [2, 2], dtype: 'int32', data: [2, 3, 2, 0] },
    wordsMask: { shape: [2, 2], dtype: 'float32', data: [1, 1, 1, 0] },
    chars: { shape: [2, 2, 3], dtype: 'int32' },
    charsMask: { shape: [2, 2, 3], data: [1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0] },
    label: { shape: [2], dtype: 'int32', data: [1, 0] },
  });
});

test('tokens have a mask where all lists are of one length too, unless told otherwise', async () => {
  const data = [{ words: ['dog', 'the'] }];
  const namespace = 'tokens';
  expect(await load({ fields: { words: { namespace } } }, data)).toMatchObject([
    { words: { data: [1, 2] }, wordsMask: { data: [1, 1] } },
  ]);
  expect(await load({ fields: { words: { namespace, mask: false } } }, data)).toEqual([{ words: expect.anything() }]);
});

test('columns and streams are no exception', async () => {
  const vocabulary = await made;
  const label = { data: [1, 0, 0] };
  const columns = { label: sentences.map((sentence) => sentence.label) };
  const options = { batchSize: 3, fields: { label: { namespace: 'labels' } }, vocabulary };
  expect(await batchesOf(dataLoader(columns, options).epoch({ epoch: 0 }))).toMatchObject([{ label }]);
  const rows = (): object[] => columns.label.map((value) => ({ label: value }));
  expect(await batchesOf(generatorLoader(rows, options).epoch({ epoch: 0 }))).toMatchObject([{ label }]);
});

test.each<[string, object[] | object, RegExp]>([
  [
    'an unknown label',
    [{ label: 'neutral' }],
    /^instance 0: field "label": "neutral" is not in .* which has "pos", "neg"/,
  ],
  [
    'a number',
    [{ label: 'pos' }, { label: 1 }],
    /^instance 1: field "label" has a vocabulary namespace and holds the number 1/,
  ],
  [
    'a tensor type that holds no strings',
    { label: new Int32Array(2) },
    /column "label" has a vocabulary namespace, but is no list/,
  ],
])('%s is refused', async (_, data, message) => {
  const loader = load({ fields: { label: { namespace: 'labels' } } }, data as object[]);
  await expect(loader).rejects.toThrow(DataError);
  await expect(loader).rejects.toThrow(message);
});

test('a namespace without a vocabulary is refused', () => {
  const make = (): unknown => dataLoader(sentences, { fields });
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(/fields\.words\.namespace: "tokens" is a namespace of a vocabulary, but there is none/);
});
