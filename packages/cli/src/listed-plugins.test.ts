import { pluginsOfArguments } from './listed-plugins.js';

test.each([
  [['train', 'config.json'], []],
  [
    ['--plugins', 'a,b', 'train'],
    ['a', 'b'],
  ],
  [
    ['train', '--plugins=./a.mjs', '--include-package', 'b', '--include-package=c'],
    ['./a.mjs', 'b', 'c'],
  ],
  [['--plugins', ',', 'train', '--plugins'], []],
])('%j names %j', (args, entries) => {
  const fromDir = process.cwd();
  expect(pluginsOfArguments(args)).toEqual(entries.map((entry) => ({ entry, fromDir })));
});
