import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { median } from '../lib.mjs';
import { Contestant } from './child.mjs';
import { stepMs } from './duel.mjs';

const VERSION = '2.15.0';
const ENVIRONMENT = path.resolve(import.meta.dirname, '../../../node_modules/.cache/x-bench/torch');
const SCRIPT = path.join(import.meta.dirname, 'torch_contestant.py');

/**
 * A Python with PyTorch: that of X_BENCH_PYTHON, or of the environment that `--install-torch` makes once. Null, with a line
 * that says how to get one, where there is none.
 */
export function findPython({ install }) {
  const given = process.env.X_BENCH_PYTHON;
  if (given !== undefined) return given;
  const cached = path.join(ENVIRONMENT, 'bin', 'python');
  if (fs.existsSync(path.join(ENVIRONMENT, 'complete'))) return cached;
  if (!install) {
    console.log(
      'Skipped: PyTorch. Set X_BENCH_PYTHON to a Python that has it, or pass --install-torch, which installs it under ' +
        'node_modules/.cache (about 5 GB, some minutes)',
    );
    return null;
  }
  console.log(`Installing PyTorch ${VERSION} into ${ENVIRONMENT}: about 5 GB, some minutes, once`);
  execFileSync('python3', ['-m', 'venv', ENVIRONMENT], { stdio: 'inherit' });
  execFileSync(cached, ['-m', 'pip', 'install', '--quiet', `torch==${VERSION}`, 'numpy'], { stdio: 'inherit' });
  fs.writeFileSync(path.join(ENVIRONMENT, 'complete'), '');
  return cached;
}

/** How PyTorch may use its threads; which is best depends on the model and the machine. */
function settings(threads) {
  const one = { label: '1 thread', count: 1, env: { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' } };
  if (threads === 1) return [one];
  const env = { OMP_NUM_THREADS: String(threads) };
  return [
    one,
    { label: `${threads} threads`, count: threads, env },
    {
      label: `${threads} threads, OMP_WAIT_POLICY=passive`,
      count: threads,
      env: { ...env, OMP_WAIT_POLICY: 'passive' },
    },
  ];
}

/** PyTorch at its best thread setting for a model, found in bursts in turn. */
export async function bestTorch(python, model, threads, burstMs) {
  const candidates = settings(threads).map(({ label, count, env }) => ({
    label,
    times: [],
    contestant: new Contestant(`PyTorch (${label})`, python, [SCRIPT, model, String(count)], env),
  }));
  for (const { contestant } of candidates) await contestant.ready;
  const rounds = candidates.length > 1 ? 3 : 0;
  for (let round = 0; round < rounds; round++) {
    for (const candidate of candidates) candidate.times.push(stepMs(await candidate.contestant.burst(burstMs)));
  }
  const [best, ...others] =
    rounds === 0 ? candidates : candidates.toSorted((a, b) => median(a.times) - median(b.times));
  for (const { contestant } of others) contestant.end();
  return { contestant: best.contestant, setting: best.label };
}
