import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { EagerEngine } from '../engine/eager-engine.js';
import { corePlugin } from '../plugin.js';
import { importEntry, loadPlugins } from './load.js';

const { version: ownVersion } = JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as {
  version: string;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-plugins-'));
  const core = JSON.stringify(join(__dirname, '..', 'index.ts'));
  const plugin = (name: string): string => `
    const { Initializer, definePlugin } = require(${core});
    class Zeros extends Initializer {}
    Initializer.register('acme-zeros')(Zeros);
    exports.__esModule = true;
    exports.default = definePlugin({ name: '${name}', provides: [Zeros] });`;
  await write(
    'node_modules/acme/package.json',
    '{ "name": "acme", "version": "1.2.3", "exports": { ".": { "default": "./main.js" } } }',
  );
  await write('node_modules/acme/main.js', plugin('acme'));
  await write(
    'node_modules/@acme/esm/package.json',
    '{ "exports": { ".": { "types": "./x.d.ts", "import": "./main.js" } } }',
  );
  await write('node_modules/@acme/esm/main.js', plugin('@acme/esm'));
  await write('node_modules/broken/index.js', 'throw new TypeError("no such thing");');
  await write('node_modules/other/index.js', 'exports.default = { name: "other", provides: [] };');
  await write('project/local.js', plugin('local'));
  await write(
    'project/single.js',
    `const { Initializer } = require(${core}); class Mine extends Initializer {}
    Initializer.register('mine')(Mine); exports.__esModule = true; exports.default = Mine;`,
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

const load = (...list: Parameters<typeof loadPlugins>[0]): ReturnType<typeof loadPlugins> =>
  loadPlugins(list, join(folder, 'project'));

test('the own plugin comes first, listed or not, then the listed ones in order', async () => {
  expect(await load()).toEqual([{ ...corePlugin, version: ownVersion }]);
  const plugins = await load('./local.js', '@x/trainer-core', 'acme', './single.js');
  expect(plugins.map(({ name }) => name)).toEqual(['@x/trainer-core', 'local', 'acme', 'Mine']);
});

test('a package is searched from the folder of the config upwards, and brings its version', async () => {
  expect((await load('acme'))[1]).toMatchObject({ name: 'acme', version: '1.2.3' });
});

test('a package whose exports have the import condition only is found', async () => {
  expect((await load('@acme/esm'))[1]).toMatchObject({ name: '@acme/esm' });
});

test('plugins and decorated classes are taken as they are, each once', async () => {
  const [, first, ...rest] = await load(EagerEngine, 'acme', 'acme');
  expect(first).toMatchObject({ name: 'EagerEngine' });
  expect(rest).toHaveLength(1);
});

test.each<[string, unknown, string, RegExp]>([
  [
    'a missing package',
    'nowhere',
    'X_PLUGIN_MISSING',
    /"nowhere" is not installed \(looked from .*project\): npm install nowhere$/,
  ],
  ['a missing file of a scoped package', '@none/such/plugin', 'X_PLUGIN_MISSING', /npm install @none\/such$/],
  ['a missing file', './nowhere.js', 'X_PLUGIN_MISSING', /there is no plugin file ".\/nowhere.js"/],
  ['a package that throws', 'broken', 'X_PLUGIN_FAILED', /could not be loaded: no such thing/],
  [
    'a package without a plugin',
    'other',
    'X_PLUGIN_NOT_A_PLUGIN',
    /the default export of "other".*received an object.*expected definePlugin/,
  ],
  [
    'a value that is no plugin',
    { name: 'x', provides: [] },
    'X_PLUGIN_NOT_A_PLUGIN',
    /the list of plugins holds an object/,
  ],
  ['a number', 3, 'X_PLUGIN_NOT_A_PLUGIN', /holds number 3/],
])('%s is refused', async (_, entry, code, message) => {
  await expect(load(entry as string)).rejects.toMatchObject({ name: 'PluginError', code });
  await expect(load(entry as string)).rejects.toThrow(message);
});

test.each([
  ['./a.js', '.', './a.js'],
  [{ import: './a.mjs', require: './a.cjs' }, '.', './a.mjs'],
  [{ '.': { node: { import: './n.js' }, default: './d.js' }, './p': './p.js' }, '.', './n.js'],
  [{ '.': './a.js', './p': { require: './p.cjs' } }, './p', undefined],
  [{ '.': './a.js' }, './q', undefined],
  [undefined, '.', undefined],
])('in the exports %j, import finds %s at %s', (exported, subPath, entry) => {
  expect(importEntry(exported, subPath)).toBe(entry);
});
