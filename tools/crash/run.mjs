// Interrupts, damages and kills what saves checkpoints: `node tools/crash/run.mjs [--reduced] [--only <text>]`.
// Every `*.suite.mjs` below this folder exports `name` and `suite({ check, skip, reduced })`.
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import * as tf from '@tensorflow/tfjs';

import { Report } from './lib/report.mjs';

const { values: options } = parseArgs({
  options: { reduced: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});

tf.env().set('PROD', true); // no banner
await tf.setBackend('cpu');

const here = import.meta.dirname;
const files = fs.readdirSync(here, { recursive: true }).filter((file) => file.endsWith('.suite.mjs'));
const suites = await Promise.all(files.sort().map((file) => import(path.join(here, file))));

const total = { passed: 0, failed: 0, skipped: 0 };
for (const { name, suite } of suites.filter(({ name }) => name.includes(options.only))) {
  const report = new Report(name);
  await report.run(() => suite({ check: report.check, skip: report.skip, reduced: options.reduced }));
  for (const outcome of Object.keys(total)) total[outcome] += report.counts[outcome];
}

console.log(`all: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (process.env.TEST_COUNTS_DIR) {
  fs.mkdirSync(process.env.TEST_COUNTS_DIR, { recursive: true });
  fs.writeFileSync(path.join(process.env.TEST_COUNTS_DIR, 'crash.json'), JSON.stringify(total));
}
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
