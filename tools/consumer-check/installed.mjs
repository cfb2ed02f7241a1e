import fs from 'node:fs';
import path from 'node:path';
import { readJson } from '../lib/workspace.mjs';

const filesBelow = (folder) =>
  fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));

/** The packages that npm put into a project, nested ones too: `[{ name, version, bytes }]`, largest first. */
export function installedPackages(project) {
  const lock = readJson(path.join(project, 'package-lock.json'));
  return Object.entries(lock.packages)
    .map(([place, { version }]) => ({ place, version, folder: path.join(project, place) }))
    .filter(({ place, folder }) => place !== '' && fs.existsSync(folder))
    .map(({ place, version, folder }) => ({
      name: place.split('node_modules/').at(-1),
      version,
      bytes: filesBelow(folder)
        .filter((file) => !path.relative(folder, file).split(path.sep).includes('node_modules'))
        .reduce((sum, file) => sum + fs.statSync(file).size, 0),
    }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Files of native code in a project. */
export const nativeFiles = (project) =>
  filesBelow(project).filter((file) => /\.(node|so|dylib|dll)(\.\d+)*$/.test(file));

export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
