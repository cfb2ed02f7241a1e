// Spam or not, in plain code: `node dist/spam/main.js`
import '@tensorflow/tfjs';
import { ConsoleProgress } from '@x/cli';

import { readMails } from './mails.js';
import { trainSpamFilter } from './train.js';

const seed = 13370;
const { sizes, test } = await trainSpamFilter(readMails(), { seed, numEpochs: 4, callbacks: [new ConsoleProgress()] });
const measured = (name: string): string => (test[name] ?? 0).toFixed(3);
console.log(`trained on ${sizes.train} mails, validated on ${sizes.validation}`);
console.log(
  `test accuracy ${measured('accuracy')}, F1 of spam ${measured('f1')} (${sizes.test} mails, split with seed ${seed})`,
);
