import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

export const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** Every package under packages/, as `{ folder, manifest, name }`, in the order of their folders. */
export function workspacePackages(from = root) {
  return fs
    .readdirSync(path.join(from, 'packages'))
    .sort()
    .map((entry) => path.join(from, 'packages', entry))
    .filter((folder) => fs.existsSync(path.join(folder, 'package.json')))
    .map((folder) => {
      const manifest = readJson(path.join(folder, 'package.json'));
      return { folder, manifest, name: manifest.name };
    });
}

/** Those that are published. */
export const publicPackages = (from = root) => workspacePackages(from).filter(({ manifest }) => !manifest.private);
