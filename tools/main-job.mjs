// Runs the README's first command (`npm start`) as a user does, and checks what it promises.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const WANTED = 0.98;

const { status, stdout, stderr } = spawnSync('npm', ['start'], {
  cwd: path.resolve(import.meta.dirname, '..'),
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'pipe'],
});
process.stdout.write(stdout);
process.stderr.write(stderr);

const accuracy = Number(/^test accuracy (\d\.\d+)/m.exec(stdout)?.[1] ?? Number.NaN);
if (status !== 0 || !(accuracy >= WANTED)) {
  console.error(
    `npm start: expected exit status 0 and a test accuracy of at least ${WANTED}; got ${status} and ${accuracy}`,
  );
  process.exitCode = 1;
}
