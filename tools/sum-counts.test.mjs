import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

function sumOf(counts, ...failedStages) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'counts-'));
  counts.forEach((count, i) => fs.writeFileSync(path.join(folder, `${i}.json`), JSON.stringify(count)));
  const script = path.join(import.meta.dirname, 'sum-counts.mjs');
  const { stdout, status } = spawnSync(process.execPath, [script, folder, ...failedStages], { encoding: 'utf8' });
  fs.rmSync(folder, { recursive: true });
  return { lastLine: stdout.trim().split('\n').at(-1), status };
}

test('the last line of a run adds up the packages', () => {
  const counts = [
    { passed: 3, failed: 0, skipped: 1 },
    { passed: 4, failed: 0, skipped: 0 },
  ];
  assert.deepEqual(sumOf(counts), { lastLine: '7 passed, 0 failed, 1 skipped', status: 0 });
});

test('a failed stage is a failure', () => {
  const counts = [{ passed: 3, failed: 0, skipped: 0 }];
  assert.deepEqual(sumOf(counts, 'lint'), { lastLine: '3 passed, 1 failed, 0 skipped', status: 1 });
});

test('a failed test is counted once, not again as the stage it failed in', () => {
  const counts = [{ passed: 3, failed: 2, skipped: 0 }];
  assert.deepEqual(sumOf(counts, 'tests', 'parity'), { lastLine: '3 passed, 3 failed, 0 skipped', status: 1 });
});

test('a run that tested nothing did not pass', () => {
  assert.deepEqual(sumOf([], 'install'), { lastLine: '0 passed, 1 failed, 0 skipped', status: 1 });
  assert.equal(sumOf([]).status, 1);
});
