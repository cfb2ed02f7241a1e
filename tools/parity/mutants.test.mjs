import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import path from 'node:path';
import { describe, test } from 'node:test';

import { FAMILIES } from './lib/families.mjs';
import { MUTANTS } from './mutants/mutants.mjs';

const here = import.meta.dirname;

describe('the parity run reports', { concurrency: 2 }, () => {
  for (const { rule, family, only } of MUTANTS) {
    test(`${family}: a break of "${rule}"`, async () => {
      const { status, output } = await parity(rule, only);
      assert.equal(status, 1, output);
      const failing = output.match(/^(.+\.json): .*FAILED/gm)?.map((line) => line.split(': ')[0]) ?? [];
      assert.ok(
        failing.some((file) => familyNameOf(file) === family),
        `no file of this family failed:\n${output}`,
      );
    });
  }
});

test('every family has a mutant', () => {
  const broken = new Set(MUTANTS.map(({ family }) => family));
  assert.deepEqual(
    FAMILIES.map(([name]) => name).filter((name) => !broken.has(name)),
    [],
  );
});

function familyNameOf(file) {
  return FAMILIES.find(([, pattern]) => pattern.test(file))?.[0];
}

async function parity(rule, only) {
  const child = spawn(
    process.execPath,
    ['--import', path.join(here, 'mutants', 'install.mjs'), path.join(here, 'run.mjs'), '--only', only],
    { env: { ...process.env, PARITY_MUTANT: rule, TEST_COUNTS_DIR: '' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('exit', (...args) => resolve(args))),
  ]);
  return { status, output: output + errors };
}
