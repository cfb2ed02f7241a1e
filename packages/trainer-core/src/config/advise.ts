import type { Plugin } from '../plugins/plugin.js';
import { descriptorsOf } from '../plugins/describe.js';
import { loadPlugin } from '../plugins/load.js';
import { KNOWN_PACKAGES } from './known-packages.js';
import type { Problem, WantedComponent } from './problem.js';
import { nearestName } from './spelling.js';

/**
 * Adds to every problem with an unknown name which package would provide it: one that is installed beside the config and
 * not listed, or one of ours to install.
 *
 * @param listed the names of the plugins that the run has: there is nothing to advise about these.
 */
export async function advise(
  problems: readonly Problem[],
  fromDir: string,
  listed: readonly string[],
): Promise<Problem[]> {
  return Promise.all(
    problems.map(async (problem) => {
      if (problem.wanted === undefined) return problem;
      const candidates = (KNOWN_PACKAGES[problem.wanted.kind] ?? []).filter((name) => !listed.includes(name));
      const advice = await Promise.all(candidates.map((name) => adviceAbout(name, problem.wanted!, fromDir)));
      return { ...problem, message: [problem.message, ...advice.filter((text) => text !== undefined)].join('; ') };
    }),
  );
}

async function adviceAbout(packageName: string, wanted: WantedComponent, fromDir: string): Promise<string | undefined> {
  let plugin: Plugin;
  try {
    plugin = await loadPlugin(packageName, fromDir);
  } catch {
    return `it may be in ${packageName}: npm install ${packageName} and add it to "plugins"`;
  }
  const names = plugin.provides
    .flatMap(descriptorsOf)
    .flatMap(({ kind, name }) => (kind === wanted.kind ? [name] : []));
  const name = names.includes(wanted.name) ? wanted.name : nearestName(wanted.name, names);
  if (name === undefined) return undefined;
  const meant = name === wanted.name ? `"${name}"` : `did you mean "${name}"? It`;
  return `${meant} is provided by ${packageName}, which is installed but not listed: add "${packageName}" to "plugins"`;
}
