// npm run changeset -- patch "What changed" @x/optim @x/data     (`changeset add` asks questions, this does not)
import fs from 'node:fs';
import { randomBytes } from 'node:crypto';
import { publicPackages } from './lib/workspace.mjs';

const [bump, message, ...names] = process.argv.slice(2);
const known = publicPackages().map(({ name }) => name);
const unknown = names.filter((name) => !known.includes(name));

if (!['patch', 'minor', 'major'].includes(bump) || !message || names.length === 0) {
  console.error('usage: npm run changeset -- patch|minor|major "What changed" <package> [<package>...]');
  process.exit(2);
}
if (unknown.length > 0) {
  console.error(`Not a public package: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
  process.exit(2);
}
const file = new URL(`../.changeset/${randomBytes(4).toString('hex')}.md`, import.meta.url);
fs.writeFileSync(file, `---\n${names.map((name) => `'${name}': ${bump}`).join('\n')}\n---\n\n${message}\n`);
console.log(`wrote .changeset/${file.pathname.split('/').at(-1)}`);
