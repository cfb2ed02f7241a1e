// How letters are pronounced, from a config: `node dist/pronunciation/main.js [folder]`
import '@tensorflow/tfjs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ConsoleProgress } from '@x/cli';
import { DatasetReader, trainFromConfig } from '@x/trainer-core';

import { baselineAccuracy } from './baseline.js';
import type { Pronunciations } from './reader.js';

const packageDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const config = join(packageDir, 'configs', 'pronunciation.json5');
const serializationDir = process.argv[2] ?? join(packageDir, 'runs', 'pronunciation');
const run = await trainFromConfig(config, { serializationDir, force: true, callbacks: [new ConsoleProgress()] });

const reader = run.container.find(DatasetReader) as Pronunciations;
const [train, test] = [reader.words('train'), reader.words('test')];
console.log(
  `test accuracy ${Number(run.metrics['test_accuracy']).toFixed(3)} per letter; ` +
    `each letter's commonest phoneme ${baselineAccuracy(train, test).toFixed(3)}`,
);
console.log(
  `trained on ${train.length} words, tested on ${test.length} of other word families (seed 13370); the run is in ${relative(process.cwd(), serializationDir) || '.'}`,
);
run.dispose();
