// The grid alone: `node tools/crash/resume-grid/run.mjs [--reduced]`.
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';

import { name, suite } from './resume-grid.suite.mjs';

/** @returns how many cases passed and failed. */
export async function run({ reduced = false } = {}) {
  tf.env().set('PROD', true); // no banner
  await tf.setBackend('cpu');
  const counts = { passed: 0, failed: 0 };
  const check = async (title, act) => {
    try {
      await act();
      counts.passed += 1;
    } catch (error) {
      counts.failed += 1;
      console.log(`  FAILED: ${title}: ${error.stack}`);
    }
  };
  const start = performance.now();
  await suite({ check, reduced });
  console.log(
    `${name}: ${counts.passed} passed, ${counts.failed} failed (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
  return counts;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { failed } = await run({ reduced: process.argv.includes('--reduced') });
  process.exitCode = failed > 0 ? 1 : 0;
}
