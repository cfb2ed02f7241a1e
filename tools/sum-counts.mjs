// node tools/sum-counts.mjs <folder> [<failed stage>...]: adds up the test counts that lie in the folder, a failed stage
// without a failed test of its own as one more failure, and prints them as the last line of a CI run.
import fs from 'node:fs';
import path from 'node:path';

const [folder, ...failedStages] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const file of fs.readdirSync(folder)) {
  const counts = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'));
  for (const outcome of Object.keys(total)) total[outcome] += counts[outcome];
}

const alreadyCounted = total.failed > 0 ? ['tests'] : [];
total.failed += failedStages.filter((stage) => !alreadyCounted.includes(stage)).length;

if (failedStages.length > 0) console.log(`failed stages: ${failedStages.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
