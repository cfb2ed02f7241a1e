import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { embedding } from './embedding.js';
import { subjectAndBody, wordsOf } from './mails.js';
import type { Mail } from './mails.js';
import { trainSpamFilter } from './train.js';

test('of the headers, only the subject is read', () => {
  const mail = 'From a@b.org\nReceived: from host\nSubject: Free offer\nTo: you\n\nBuy now!\n\nSubject: not a header';
  expect(subjectAndBody(mail)).toBe('Free offer\n\nBuy now!\n\nSubject: not a header');
});

test('words are lower case letters, and the signs that spam likes', () => {
  expect(wordsOf('Buy NOW! $5')).toEqual(['buy', 'now', '!', '$']);
});

test('an embedding and its gradient are those of tf.gather', async () => {
  const indices = tf.tensor2d([[2, 0, 2]], [1, 3], 'int32');
  const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
  const weights = tf.tensor3d([1, 2, 3, 4, 5, 6], [1, 3, 2]);
  const weighted = (rows: tf.Tensor): tf.Scalar => tf.sum(tf.mul(rows, weights));
  const ours = tf.valueAndGrad((t: tf.Tensor) => weighted(embedding(t as tf.Tensor2D, indices)))(table);
  const stock = tf.valueAndGrad((t: tf.Tensor) => weighted(tf.gather(t, indices)))(table);
  expect([...(await ours.value.data())]).toEqual([...(await stock.value.data())]);
  expect([...(await ours.grad.data())]).toEqual([...(await stock.grad.data())]);
  expect([...(await ours.grad.data())]).toEqual([3, 4, 0, 0, 6, 8]);
});

test('a filter learns what spam is made of, and leaves no tensor behind', async () => {
  const mails = Array.from({ length: 200 }, (_, i): Mail => {
    const isSpam = i % 2 === 0;
    return {
      isSpam,
      text: `${isSpam ? 'free money' : 'meeting notes'} of number ${'abcdefgh'.repeat(2).slice(i % 8, (i % 8) + 3)}`,
    };
  });
  const before = tf.memory().numTensors;
  const { sizes, test: measured } = await trainSpamFilter(mails, { seed: 1, numEpochs: 5 });
  expect(sizes).toEqual({ train: 160, validation: 20, test: 20 });
  expect(measured['f1']).toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});
