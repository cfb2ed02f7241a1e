import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { userLine, userLineOf } from './user-line.js';

const SOURCE = dirname(dirname(fileURLToPath(import.meta.url)));
const ours = (file: string): string => `    at Trace.run (${join(SOURCE, file)}:10:5)`;
const TFJS = '    at Engine.runKernel (/home/me/node_modules/@tensorflow/tfjs-core/dist/engine.js:400:12)';
const USER = '/home/me/project/model.ts';

it('is where the user called, relative to the working directory', () => {
  const [file, row, column] = /^(.*):(\d+):(\d+)$/.exec(userLine())!.slice(1);
  expect(file).toBe(relative(process.cwd(), __filename));
  expect([row, column].every((number) => Number(number) > 0)).toBe(true);
});

it('passes over TensorFlow.js, its sources, what it is compiled with, Node and this package', () => {
  const stack = [
    'Error',
    ours('compiled/symbolic-backend.ts'),
    TFJS,
    '    at step (/home/me/node_modules/tslib/tslib.es6.js:102:23)',
    '    at Sequential.apply (/home/me/tfjs-layers/src/engine/topology.ts:9:9)',
    '    at new Promise (<anonymous>)',
    '    at node:internal/process/task_queues:105:5',
    `    at Net.forward (${USER}:12:3)`,
    '    at main (/home/me/project/main.ts:1:1)',
  ];
  expect(userLineOf(stack.join('\n'))).toBe(`${USER}:12:3`);
});

it.each<[form: string, frame: string, place: string]>([
  ['a method', `at Net.forward (${USER}:12:3)`, `${USER}:12:3`],
  ['an anonymous function', `at ${USER}:12:3`, `${USER}:12:3`],
  ['a renamed method', `at Net.call [as forward] (${USER}:12:3)`, `${USER}:12:3`],
  ['an asynchronous function', `at async train (${USER}:12:3)`, `${USER}:12:3`],
  ['a constructor', `at new Net (${USER}:12:3)`, `${USER}:12:3`],
  ['an ES module', `at forward (${pathToFileURL('/home/me/my model.mjs').href}:1:2)`, '/home/me/my model.mjs:1:2'],
  ['an anonymous function of an ES module', `at ${pathToFileURL(USER).href}:1:2`, `${USER}:1:2`],
  ['a folder with brackets', 'at forward (/home/me (old)/model.ts:1:2)', '/home/me (old)/model.ts:1:2'],
  [
    'a folder of the name of ours',
    'at forward (/home/me/trainer-core/src/model.ts:1:2)',
    '/home/me/trainer-core/src/model.ts:1:2',
  ],
  [
    'a folder like one of tfjs',
    'at forward (/home/me/tfjs-models/src/model.ts:1:2)',
    '/home/me/tfjs-models/src/model.ts:1:2',
  ],
  [
    'a package of somebody',
    'at forward (/home/me/node_modules/nets/dist/net.js:1:2)',
    '/home/me/node_modules/nets/dist/net.js:1:2',
  ],
])('reads %s', (_, frame, place) => {
  expect(userLineOf(`Error\n    ${frame}`)).toBe(place);
});

it('is nowhere outside of the step: whoever runs it has not written what it does', () => {
  const inner = [ours('compiled/symbolic-backend.ts'), TFJS, ours('programs/gradients.ts')];
  const outer = [ours('compiled/trace-program.ts'), ours('training/training-step.ts'), `    at main (${USER}:1:1)`];
  expect(userLineOf(['Error', ...inner, ...outer].join('\n'))).toBe('');
  const withUser = [...inner, `    at Net.forward (${USER}:12:3)`, ...outer];
  expect(userLineOf(['Error', ...withUser].join('\n'))).toBe(`${USER}:12:3`);
});

it('leaves the depth of stacks as it was', () => {
  const before = Error.stackTraceLimit;
  userLine();
  expect(Error.stackTraceLimit).toBe(before);
});
