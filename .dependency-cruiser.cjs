const fs = require('node:fs');
const path = require('node:path');

const readJson = (...parts) => JSON.parse(fs.readFileSync(path.join(__dirname, ...parts), 'utf8'));
const folders = fs.readdirSync(path.join(__dirname, 'packages'));
const nameOf = new Map(folders.map((folder) => [folder, readJson('packages', folder, 'package.json').name]));
const anyOf = (names) => (names.length > 0 ? `(${names.join('|')})` : '(?!)');

/** dependency-cruiser knows what npm installed, not whether a workspace package is declared: so, a rule for each package. */
function declaredSiblingsOnly(folder) {
  const manifest = readJson('packages', folder, 'package.json');
  const beyond = (...dependencies) => {
    const declared = dependencies.flatMap((entries) => Object.keys(entries ?? {}));
    const allowed = folders.filter((other) => other === folder || declared.includes(nameOf.get(other)));
    return { path: '^packages/', pathNot: `^packages/${anyOf(allowed)}/` };
  };
  const shipped = [manifest.dependencies, manifest.peerDependencies];
  const name = `declared-siblings-only-${folder}`;
  return [
    {
      name,
      severity: 'error',
      from: { path: `^packages/${folder}/`, pathNot: '\\.test\\.ts$' },
      to: beyond(...shipped),
    },
    {
      name: `${name}-tests`,
      severity: 'error',
      from: { path: `^packages/${folder}/.*\\.test\\.ts$` },
      to: beyond(...shipped, manifest.devDependencies),
    },
  ];
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycle-between-files',
      comment: 'Imports of types alone are erased and load nothing: a cycle that needs one of them is none.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      comment: 'Also what a package exports, and how, is a matter of its exports map: a deep import does not resolve.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'public-entries-only',
      comment: 'A package reaches another one only through what its exports map offers.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/(index|layers|compiled|zoo)\\.ts$'] },
    },
    {
      name: 'other-packages-by-name',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'index-loads-without-tfjs-layers',
      comment: '@tensorflow/tfjs-layers is an optional peer, which only @x/trainer-core/layers may need.',
      severity: 'error',
      from: { path: '^packages/trainer-core/src/index\\.ts$' },
      to: { path: '@tensorflow/tfjs-layers', reachable: true },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^packages/[^/]+/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], dependencyTypesNot: ['npm', 'npm-peer'] },
    },
    {
      name: 'declared-dependencies-only-tests',
      comment: 'Tests may also use what the repository as a whole is developed with.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/.*\\.test\\.ts$' },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown'],
        pathNot: `node_modules/${anyOf(Object.keys(readJson('package.json').devDependencies))}/`,
      },
    },
    ...folders.flatMap(declaredSiblingsOnly),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(^|/)(dist|coverage)/', '^packages/examples/acme-callback-jsonl/'] },
    tsConfig: { fileName: 'tsconfig.base.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@x/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.cjs', '.mjs'],
    },
  },
};
