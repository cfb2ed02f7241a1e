// Measures side by side in one run, and prints ratios: `npm run bench -- <suite> [options of the suite]`.
import fs from 'node:fs';
import path from 'node:path';

const suites = fs
  .readdirSync(import.meta.dirname)
  .flatMap((file) => /^(.+)\.bench\.mjs$/.exec(file)?.[1] ?? [])
  .sort();
const [suite, ...rest] = process.argv.slice(2);

if (suite === undefined || !suites.includes(suite)) {
  console.error(`which suite? npm run bench -- <${suites.join(' | ')}>${suite ? `; received "${suite}"` : ''}`);
  process.exitCode = 1;
} else {
  const { bench } = await import(path.join(import.meta.dirname, `${suite}.bench.mjs`));
  await bench(rest);
}
