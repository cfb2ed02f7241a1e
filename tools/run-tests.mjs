// Runs the tests of this folder (*.test.mjs) and, as jest does in the packages, leaves their counts in TEST_COUNTS_DIR.
import fs from 'node:fs';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const here = import.meta.dirname;
const files = fs
  .readdirSync(here, { recursive: true })
  .filter((file) => file.endsWith('.test.mjs') && !file.includes('node_modules'))
  .map((file) => path.join(here, file));

const counts = { passed: 0, failed: 0, skipped: 0 };
const count = (outcome) => (event) => {
  if (event.details?.type !== 'suite')
    counts[event.skip !== undefined || event.todo !== undefined ? 'skipped' : outcome]++;
};

const events = run({ files, concurrency: true }).on('test:pass', count('passed')).on('test:fail', count('failed'));
for await (const line of events.compose(new spec())) process.stdout.write(line);

if (process.env.TEST_COUNTS_DIR) {
  fs.mkdirSync(process.env.TEST_COUNTS_DIR, { recursive: true });
  fs.writeFileSync(path.join(process.env.TEST_COUNTS_DIR, 'tools.json'), JSON.stringify(counts));
}
process.exitCode = counts.failed > 0 ? 1 : 0;
