import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { advise } from './advise.js';
import type { Problem } from './problem.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'advise-'));
  const installed = join(folder, 'node_modules', '@x', 'optim');
  await mkdir(installed, { recursive: true });
  await writeFile(
    join(installed, 'index.js'),
    `const { Optimizer, definePlugin } = require(${JSON.stringify(join(__dirname, '..', 'index.ts'))});
     class AdamW extends Optimizer {}
     Optimizer.register('adamw')(AdamW);
     exports.__esModule = true;
     exports.default = definePlugin({ name: '@x/optim', provides: [AdamW] });`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

function unknown(kind: string, name: string): Problem {
  return { code: 'X_CONFIG_UNKNOWN_NAME', path: ['type'], message: `no "${name}"`, wanted: { kind, name } };
}

test.each([
  [
    'optimizer',
    'adamw',
    'no "adamw"; "adamw" is provided by @x/optim, which is installed but not listed: add "@x/optim" to "plugins"',
  ],
  [
    'optimizer',
    'adamww',
    'no "adamww"; did you mean "adamw"? It is provided by @x/optim, which is installed but not listed: add "@x/optim" to "plugins"',
  ],
  ['optimizer', 'newton', 'no "newton"'],
  ['metric', 'f1', 'no "f1"; it may be in @x/metrics: npm install @x/metrics and add it to "plugins"'],
  ['model', 'mlp', 'no "mlp"'],
])('for the %s %s', async (kind, name, message) => {
  const nowhereElse = await advise([unknown(kind, name)], folder, ['@x/trainer-core']);
  expect(nowhereElse.map((problem) => problem.message)).toEqual([message]);
});

test('a listed package is not advised, and other problems stay as they are', async () => {
  const other: Problem = { code: 'X_CONFIG_INVALID', path: [], message: 'is wrong' };
  const problems = [unknown('optimizer', 'adamw'), other];
  expect(await advise(problems, folder, ['@x/optim'])).toEqual(problems);
});
