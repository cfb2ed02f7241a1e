// Prints which package uses which, and a verdict: no cycle between packages, none between files, and no import of one
// package's inside by another. `npm run graph`; Nx draws the same packages with `npx nx graph`.
import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { root, workspacePackages } from './lib/workspace.mjs';

process.chdir(root);
const { options, ...ruleSet } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** `{ package: { dependencies, devDependencies } }` of our own packages, by name. */
function packageGraph() {
  const packages = workspacePackages();
  const names = new Set(packages.map(({ name }) => name));
  const ours = (dependencies = {}) => Object.keys(dependencies).filter((name) => names.has(name));
  return new Map(
    packages.map(({ name, manifest }) => {
      const needed = [...new Set([...ours(manifest.dependencies), ...ours(manifest.peerDependencies)])];
      const forTests = ours(manifest.devDependencies).filter((dependency) => !needed.includes(dependency));
      return [name, { needed, forTests }];
    }),
  );
}

/** The first cycle found (as a list of names that ends where it begins), or undefined. */
function findCycle(graph) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    const { needed, forTests } = graph.get(name);
    for (const next of [...needed, ...forTests]) {
      const cycle = visit(next, [...path, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of graph.keys()) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

const graph = packageGraph();
for (const [name, { needed, forTests }] of graph) {
  const tests = forTests.length > 0 ? `   (tests: ${forTests.join(', ')})` : '';
  console.log(`${name.padEnd(26)} -> ${needed.join(', ') || 'nothing of ours'}${tests}`);
}

const cycle = findCycle(graph);
const { output } = await cruise(['packages'], { ...options, ruleSet, validate: true }, undefined, {
  tsConfig: extractTSConfig(options.tsConfig.fileName),
});
const { violations, totalCruised, totalDependenciesCruised } = output.summary;

console.log();
if (cycle) console.error(`Cycle between packages: ${cycle.join(' -> ')}`);
for (const { rule, from, to, cycle: files } of violations) {
  console.error(`${rule.name}: ${from} -> ${files ? files.map(({ name }) => name).join(' -> ') : to}`);
}
if (cycle || violations.length > 0) {
  console.error(`Not in order: ${(cycle ? 1 : 0) + violations.length} problems.`);
  process.exitCode = 1;
} else {
  console.log(`No cycle between the ${graph.size} packages, tests included.`);
  console.log(`No cycle between their ${totalCruised} files as they load (an import of types alone loads nothing).`);
  console.log(`No import of one package's inside by another, among ${totalDependenciesCruised} imports.`);
}
