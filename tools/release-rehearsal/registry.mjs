import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sh } from '../lib/shell.mjs';

const VERDACCIO = '6.8.0';

/** Verdaccio is installed beside the repository, not into it: only this check needs it. */
export function installVerdaccio(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { verdaccio: VERDACCIO },
    // it asks for node-fetch by a tag, which a mirror of the registry need not have
    overrides: { 'node-fetch': '2.7.0' },
  };
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  sh('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
  return `verdaccio ${VERDACCIO}`;
}

/**
 * Starts a registry on this machine, empty of our packages. Names in `ownNames` live only here; all others are fetched
 * from `upstream`. Returns the environment in which npm uses it, and `stop()`.
 */
export async function startRegistry({ verdaccio, folder, upstream, ownNames }) {
  fs.mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;

  const config = path.join(folder, 'config.yaml');
  const own = Object.fromEntries(ownNames.map((name) => [name, { access: '$all', publish: '$all' }]));
  fs.writeFileSync(
    config,
    // JSON is YAML
    JSON.stringify({
      storage: path.join(folder, 'storage'),
      auth: { htpasswd: { file: path.join(folder, 'htpasswd') } },
      uplinks: { upstream: { url: upstream } },
      packages: { ...own, '**': { access: '$all', proxy: 'upstream' } },
      log: { type: 'stdout', format: 'pretty', level: 'warn' },
    }),
  );
  const npmrc = path.join(folder, 'npmrc');
  // npm publishes only with a token, and this registry takes any
  fs.writeFileSync(
    npmrc,
    `registry=${url}\n${url.replace('http:', '')}:_authToken=anyone\nnoproxy=127.0.0.1\naudit=false\n`,
  );

  const log = fs.openSync(path.join(folder, 'log'), 'a');
  const binary = path.join(verdaccio, 'node_modules/verdaccio/bin/verdaccio');
  const server = spawn(process.execPath, [binary, '--config', config, '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    stdio: ['ignore', log, log],
  });
  await answers(`${url}-/ping`, server, path.join(folder, 'log'));

  return {
    env: { npm_config_userconfig: npmrc, npm_config_registry: url },
    stop: () => server.kill(),
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function answers(url, server, log) {
  for (let attempt = 0; attempt < 300 && server.exitCode === null; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
    await sleep(200);
  }
  server.kill();
  throw new Error(`the registry does not answer:\n${fs.readFileSync(log, 'utf8')}`);
}
