import fs from 'node:fs';
import path from 'node:path';
import { sh } from './shell.mjs';
import { publicPackages, root } from './workspace.mjs';

/** Packs every public package into `folder`, as `npm publish` would, and returns `{ name: tarball }`. */
export function packAll(folder) {
  fs.mkdirSync(folder, { recursive: true });
  const names = publicPackages().map(({ name }) => name);
  const selection = names.flatMap((name) => ['--workspace', name]);
  const packed = JSON.parse(sh('npm', ['pack', '--json', '--pack-destination', folder, ...selection], { cwd: root }));
  // npm lists the packed packages in an array, newer npm in an object keyed by name
  const entries = Array.isArray(packed) ? packed : Object.values(packed);
  return Object.fromEntries(entries.map(({ name, filename }) => [name, path.join(folder, filename)]));
}
