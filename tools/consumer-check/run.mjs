// Uses the packages as a stranger does: packs them, installs the tarballs into empty folders outside the repository, and
// trains there from ESM, from CommonJS and from strict TypeScript. `npm run check:consumer` (KEEP=1 keeps the folders).
import fs from 'node:fs';
import path from 'node:path';
import { packAll } from '../lib/pack.mjs';
import { check, sh, stage, withTemporaryFolder } from '../lib/shell.mjs';
import { readJson, root } from '../lib/workspace.mjs';
import { installedPackages, megabytes, nativeFiles } from './installed.mjs';
import { installOnnxRuntime } from './onnxruntime.mjs';

const { devDependencies: versions } = readJson(path.join(root, 'package.json'));
const only = (entries, ...names) => Object.fromEntries(names.map((name) => [name, entries[name]]));
const pick = (...names) => only(versions, ...names);

/** An empty npm project with these dependencies, installed. */
function project(folder, manifest) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, '.npmrc'), 'fund=false\naudit=false\nupdate-notifier=false\n');
  fs.writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'app', private: true, type: 'module', ...manifest }, null, 2),
  );
  sh('npm', ['install', '--prefer-offline'], { cwd: folder });
  return folder;
}

/** Runs the program, which trains y = 2x - 1 and prints the last loss, and returns what it printed. */
function trains(cwd, program) {
  const printed = sh(process.execPath, [program], { cwd }).trim();
  const loss = Number(/^loss (\S+)$/m.exec(printed)?.[1]);
  if (!(loss < 0.01))
    throw new Error(`${program} was to end with "loss <a number below 0.01>", but printed:\n${printed}`);
  return printed;
}

await check('consumer check', () =>
  withTemporaryFolder('consumer-check', async (work) => {
    const tarballs = await stage('pack', () => packAll(path.join(work, 'tarballs')));

    const everything = path.join(work, 'everything');
    await stage('install every package', () => {
      project(everything, {
        dependencies: {
          ...tarballs,
          ...pick('@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu'),
          ...pick('reflect-metadata', 'tsyringe', 'zod'),
        },
        devDependencies: pick('typescript', '@types/node'),
      });
      fs.cpSync(path.join(import.meta.dirname, 'app'), everything, { recursive: true });
      return Object.keys(tarballs).join(', ');
    });
    await stage('train from ESM', () => trains(everything, 'train.mjs'));
    await stage('train from CommonJS', () => trains(everything, 'train.cjs'));
    await stage('train from strict TypeScript', () => {
      sh('npx', ['--no-install', 'tsc', '-p', 'tsconfig.json'], { cwd: everything });
      return trains(everything, 'out/train.js');
    });
    await stage('x-train --version', () =>
      sh('npx', ['--no-install', 'x-train', '--version'], { cwd: everything }).trim(),
    );

    const small = path.join(work, 'small');
    await stage('install only trainer-core and optim', () => {
      project(small, { dependencies: only(tarballs, '@x/trainer-core', '@x/optim') });
      sh(
        process.execPath,
        ['--input-type=module', '--eval', "await import('@x/trainer-core'); await import('@x/optim');"],
        {
          cwd: small,
        },
      );
    });
    await stage('it brings no native code and no backend', () => {
      const packages = installedPackages(small);
      const unwanted = packages.filter(({ name }) =>
        /^onnxruntime|^@tensorflow\/tfjs(-backend-.*|-node.*|-layers)?$/.test(name),
      );
      const native = nativeFiles(small);
      for (const { name, version, bytes } of packages) {
        console.log(`    ${megabytes(bytes).padStart(8)}  ${name} ${version}`);
      }
      if (unwanted.length > 0) throw new Error(`it brings ${unwanted.map(({ name }) => name).join(', ')}`);
      if (native.length > 0) throw new Error(`it brings native code: ${native.join(', ')}`);
      return `${packages.length} packages, ${megabytes(packages.reduce((sum, { bytes }) => sum + bytes, 0))}`;
    });

    for (const npmVersion of [10, 11]) {
      const folder = path.join(work, `onnx-${npmVersion}`);
      await stage(`install ONNX Runtime with npm ${npmVersion}`, () => {
        project(folder, {
          dependencies: {
            ...only(tarballs, '@x/trainer-core', '@x/optim', '@x/engine-onnx', '@x/cli'),
            ...pick('@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu'),
          },
        });
        return installOnnxRuntime(folder, npmVersion);
      });
      await stage('train on ONNX Runtime', () => trains(folder, 'train-onnx.mjs'));
    }
  }),
);
