// Compares the packages with golden numbers of the original: `node tools/parity/run.mjs [--dir <folder>] [--only <text>] [--engine onnx]`.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import * as tf from '@tensorflow/tfjs';
import { withLog } from '@x/trainer-core';

import { knownDifference } from './known-differences.mjs';
import { judge, summary, tally, testCounts, uncoveredCases } from './lib/judge.mjs';

const { values: options } = parseArgs({
  options: {
    dir: { type: 'string', default: path.join(import.meta.dirname, 'fixtures') },
    only: { type: 'string', default: '' },
    engine: { type: 'string' },
  },
});

/** Fixtures are made to provoke warnings; families that compare them listen themselves. */
const opByOp = new Set();
const silent = {
  info: () => undefined,
  warn: (message) => void (/op by op/.test(message) && opByOp.add(message)),
};

await tf.setBackend('cpu');
withoutBanner();

if (options.engine !== undefined) process.env.X_PARITY_ENGINE = options.engine;
const { familyOf } = await import('./lib/families.mjs');

const files = jsonFiles(options.dir);
const verdicts = [];
for (const file of files) {
  const content = JSON.parse(fs.readFileSync(path.join(options.dir, file), 'utf8'));
  const ofFile = await withLog(silent, () => judgeFile(file, content));
  if (ofFile.length > 0) print(file, ofFile);
  verdicts.push(...ofFile);
}
if (files.length === 0) console.error(`no fixture (*.json) in ${options.dir}`);

const counts = tally(verdicts);
console.log(summary(counts));
for (const message of opByOp) console.log(message);
if (process.env.TEST_COUNTS_DIR) {
  fs.mkdirSync(process.env.TEST_COUNTS_DIR, { recursive: true });
  fs.writeFileSync(
    path.join(process.env.TEST_COUNTS_DIR, `parity-${options.engine ?? 'eager'}.json`),
    JSON.stringify(testCounts(counts)),
  );
}
process.exitCode = counts.failed > 0 || files.length === 0 ? 1 : 0;

async function judgeFile(file, content) {
  const family = familyOf(file);
  const wanted = ({ name }) => `${file} ${name}`.includes(options.only);
  if (family === undefined) return uncoveredCases(content).filter(wanted);
  const judged = [];
  for (const each of family.cases(content).filter(wanted)) judged.push(await judge(each, family.name, knownDifference));
  return judged;
}

function print(file, ofFile) {
  const { passed, failed, known, uncovered } = tally(ofFile);
  const parts = [
    [passed, 'passed'],
    [failed, 'FAILED'],
    [known, 'known differences'],
    [uncovered, 'not yet covered'],
  ];
  console.log(`${file}: ${parts.flatMap(([n, what]) => (n > 0 ? [`${n} ${what}`] : [])).join(', ')}`);
  const labels = { failed: 'FAILED', known: 'known difference', uncovered: 'not yet covered' };
  const explained = ofFile.filter(({ outcome, detail }) => outcome in labels && detail !== 'no family reads this file');
  for (const { name, outcome, detail } of explained) console.log(`  ${labels[outcome]}: ${name}: ${detail}`);
}

/** All JSON files of a folder, as paths in it with slashes. */
function jsonFiles(dir) {
  if (!fs.existsSync(dir)) return [];
  const found = fs.readdirSync(dir, { recursive: true }).map((file) => file.replaceAll(path.sep, '/'));
  return found.filter((file) => file.endsWith('.json')).sort();
}

/** tfjs greets at its first tensor; its production flag keeps that quiet. */
function withoutBanner() {
  tf.env().set('PROD', true);
  tf.scalar(0).dispose();
  tf.env().set('PROD', false);
}
