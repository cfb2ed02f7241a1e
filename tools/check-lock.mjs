// Every optional platform package that a dependency names must be in the lock file: without it `npm ci` fails on the
// platform that needs it, and newer npm refuses the whole lock file.
import fs from 'node:fs';

const lock = JSON.parse(fs.readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));

/** The folders in which Node looks for a package asked for from `folder`, nearest first. */
function* lookupPaths(folder, name) {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    yield `${at === '' ? '' : `${at}/`}node_modules/${name}`;
    if (at === '') return;
  }
}

const problems = [];
for (const [folder, { version, optionalDependencies = {}, resolved = '' }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    const locked = [...lookupPaths(folder, name)].some((path) => path in lock.packages);
    if (!locked) problems.push(`${folder || '(root)'} ${version}: ${name}@${range} is not in the lock file`);
  }
  if (/^https?:/.test(resolved))
    problems.push(`${folder}: resolved from a registry by name (${new URL(resolved).host})`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(
    `${problems.length} problems: pin a release whose every platform package exists, then run npm install.`,
  );
  process.exitCode = 1;
} else {
  console.log('The lock file names every optional platform package, and no registry.');
}
