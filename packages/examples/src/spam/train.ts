import { dataLoader, IndexedVocabulary } from '@x/data';
import { CategoricalAccuracy, F1 } from '@x/metrics';
import { AdamW } from '@x/optim';
import { evaluateModel, GradientDescentTrainer, ParameterSet, RandomStreams } from '@x/trainer-core';
import type { DataLoader, MetricValues, TrainerCallback } from '@x/trainer-core';

import type { Mail } from './mails.js';
import { wordsOf } from './mails.js';
import { spamModel } from './model.js';

export interface SpamOptions {
  readonly seed: number;
  readonly numEpochs: number;
  readonly callbacks?: TrainerCallback[];
}

export interface SpamResult {
  /** Mails in each split. */
  readonly sizes: { readonly train: number; readonly validation: number; readonly test: number };
  /** Loss, accuracy, and precision, recall and F1 of spam, on the test mails. */
  readonly test: MetricValues;
}

/** Trains on 80 % of the mails, watches 10 %, and tests on 10 %. */
export async function trainSpamFilter(mails: readonly Mail[], options: SpamOptions): Promise<SpamResult> {
  const { seed, numEpochs, callbacks = [] } = options;
  const order = Array.from(new RandomStreams(seed).stream('split').permutation(mails.length), (i) => mails[i]!);
  const [first, second] = [0.8, 0.9].map((share) => Math.floor(share * mails.length));
  const [train, validation, test] = [order.slice(0, first), order.slice(first, second), order.slice(second)];

  const vocabulary = await IndexedVocabulary.fromInstances(
    train.map(({ text }) => ({ words: wordsOf(text) })),
    { words: 'tokens' },
    { maxVocabSize: 4998 },
  );
  const batches = (split: readonly Mail[], shuffle: boolean): DataLoader =>
    dataLoader(
      split.map(({ text, isSpam }) => ({ words: wordsOf(text).slice(0, 100), isSpam: isSpam ? 1 : 0 })),
      { batchSize: 32, vocabulary, fields: { words: { namespace: 'tokens' } }, ...(shuffle ? { shuffle, seed } : {}) },
    );

  const metrics = [new CategoricalAccuracy({ labels: 'isSpam' }), new F1({ labels: 'isSpam', positiveLabel: 1 })];
  const model = spamModel({ vocabulary: vocabulary.size('tokens'), size: 16, metrics, seed });
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new AdamW({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches(train, true),
    validationDataLoader: batches(validation, false),
    validationMetric: '+f1',
    patience: 2,
    numEpochs,
    callbacks,
    seed,
  });
  try {
    await trainer.train();
    return {
      sizes: { train: train.length, validation: validation.length, test: test.length },
      test: await evaluateModel(model, batches(test, false)),
    };
  } finally {
    trainer.optimizer.dispose();
    model.dispose();
  }
}
