// Rehearses a release, and what a stranger does with it, against a throw-away registry on this machine. Nothing leaves
// it, and the repository is not changed. `npm run check:release` (KEEP=1 keeps the folders).
import fs from 'node:fs';
import path from 'node:path';
import { check, sh, stage, withTemporaryFolder } from '../lib/shell.mjs';
import { publicPackages, readJson, root } from '../lib/workspace.mjs';
import { copyCheckout } from './checkout.mjs';
import { installVerdaccio, startRegistry } from './registry.mjs';
import { publishPlugin, usePlugin } from './stranger.mjs';

const plugin = path.join(root, 'packages/examples/acme-callback-jsonl');

function version(checkout) {
  sh('npx', ['--no-install', 'changeset', 'version'], { cwd: checkout });
  return publicPackages(checkout)
    .map(({ name, manifest }) => `${name} ${manifest.version}`)
    .join(', ');
}

function build(checkout) {
  // its own cache: the versions differ, and nothing built elsewhere is to be published
  const env = { NX_CACHE_DIRECTORY: `${checkout}-nx/cache`, NX_WORKSPACE_DATA_DIRECTORY: `${checkout}-nx/data` };
  sh('npm', ['run', 'build', '--', '--exclude=@x/examples'], { cwd: checkout, env });
}

function publish(checkout, env) {
  const changesetPublish = () =>
    sh('npx', ['--no-install', 'changeset', 'publish', '--no-git-tag'], { cwd: checkout, env });
  changesetPublish();
  const packages = publicPackages(checkout);
  for (const { name, manifest } of packages) {
    const published = sh('npm', ['view', name, 'version'], { cwd: checkout, env }).trim();
    if (published !== manifest.version)
      throw new Error(`${name}: published ${published}, expected ${manifest.version}`);
  }
  const again = changesetPublish();
  if (/New tag|packages published successfully/.test(again)) throw new Error(`published twice:\n${again}`);
  return `${packages.length} packages, a second time none`;
}

await check('release rehearsal', () =>
  withTemporaryFolder('release-rehearsal', async (work) => {
    const at = (name) => path.join(work, name);
    await stage('install a registry', () => installVerdaccio(at('verdaccio')));
    const upstream = sh('npm', ['config', 'get', 'registry'], { cwd: work }).trim();
    const ownNames = ['@x/*', readJson(path.join(plugin, 'package.json')).name];
    const registry = await startRegistry({ verdaccio: at('verdaccio'), folder: at('registry'), upstream, ownNames });
    try {
      await stage('copy the checkout', () => copyCheckout(at('checkout')));
      await stage('changeset version', () => version(at('checkout')));
      await stage('build', () => build(at('checkout')));
      await stage('changeset publish', () => publish(at('checkout'), registry.env));
      fs.cpSync(plugin, at('plugin'), { recursive: true, filter: (file) => path.basename(file) !== 'node_modules' });
      await stage("a stranger's plugin: install, test, publish", () => publishPlugin(at('plugin'), registry.env));
      await stage("a user's project: install by name, train", () =>
        usePlugin(at('project'), at('plugin'), registry.env),
      );
    } finally {
      registry.stop();
    }
  }),
);
