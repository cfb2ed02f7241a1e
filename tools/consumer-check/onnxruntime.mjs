import fs from 'node:fs';
import path from 'node:path';
import { sh } from '../lib/shell.mjs';
import { installedPackages, megabytes } from './installed.mjs';

/** The install script of onnxruntime-node, if it ran, would go through this proxy, which there is not. */
const NO_DOWNLOADS = { GLOBAL_AGENT_HTTP_PROXY: 'http://127.0.0.1:9', GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9' };

/**
 * In a project with the ONNX engine: it says that ONNX Runtime is missing and what to type; that, typed with an npm
 * of this major version, installs it and downloads nothing else; then it is usable.
 */
export function installOnnxRuntime(cwd, npmVersion) {
  fs.cpSync(path.join(import.meta.dirname, 'app'), cwd, { recursive: true });
  const probe = () => JSON.parse(sh(process.execPath, ['probe.mjs'], { cwd }));
  const before = probe();
  if (before.usable || !before.reason.includes('not installed'))
    throw new Error(`without it: ${JSON.stringify(before)}`);
  const doctor = () => sh('npx', ['--no-install', 'x-train', 'doctor'], { cwd });
  if (!doctor().includes(before.advice)) throw new Error(`doctor does not say "${before.advice}":\n${doctor()}`);
  const [npm, ...args] = before.advice.split(' ');
  if (npm !== 'npm') throw new Error(`the advice is no npm command: ${before.advice}`);
  sh('npx', ['--yes', `npm@${npmVersion}`, ...args], { cwd, env: NO_DOWNLOADS });
  const after = probe();
  if (!after.usable) throw new Error(`after "${before.advice}": ${JSON.stringify(after)}`);
  if (!/onnx +usable/.test(doctor())) throw new Error(`doctor does not find it:\n${doctor()}`);
  const { version, bytes } = installedPackages(cwd).find(({ name }) => name === 'onnxruntime-node');
  return `${before.advice}: ${version}, ${megabytes(bytes)}`;
}
