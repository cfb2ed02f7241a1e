import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Runs a command to its end and returns its standard output.
 * @throws {Error} with the command, its folder and all it printed, when it does not exit with 0.
 */
export function sh(command, args, { cwd, env = {} }) {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 2 ** 20,
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    const how = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
    throw new Error(`${command} ${args.join(' ')} (in ${cwd}): ${how}\n${stdout ?? ''}${stderr ?? ''}`);
  }
  return stdout;
}

/** Gives `use` an empty folder outside the repository, and removes it afterwards (KEEP=1 keeps it and says where). */
export async function withTemporaryFolder(name, use) {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), `${name}-`));
  try {
    return await use(folder);
  } finally {
    if (process.env.KEEP) console.log(`kept: ${folder}`);
    else fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a named stage and prints one line about it: what it returned, and how long it took. */
export async function stage(name, run) {
  const start = Date.now();
  const result = await run();
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`ok  ${name}${typeof result === 'string' ? `: ${result}` : ''} (${seconds} s)`);
  return result;
}

/** Runs a check made of stages; a failing one ends it with its message and exit status 1. */
export async function check(name, run) {
  try {
    await run();
    console.log(`${name}: passed`);
  } catch (error) {
    console.error(`FAILED  ${error.message}`);
    console.error(`${name}: failed`);
    process.exitCode = 1;
  }
}
