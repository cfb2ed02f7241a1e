import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { Graph } from '../graph/graph.js';
import { emit } from '../onnx/emit.js';
import { encodeModel } from '../onnx/model.js';
import { loadFrom, loadOnnxRuntime } from './onnxruntime.js';
import type { Place } from './onnxruntime.js';
import { OnnxRuntimeError } from './onnxruntime-error.js';
import { probeOnnxRuntime } from './probe.js';

const COMMAND = 'npm install --save-exact --ignore-scripts onnxruntime-node@1.30.0';

let project: string;

beforeEach(() => {
  project = mkdtempSync(join(realpathSync(tmpdir()), 'project-'));
});

afterEach(() => rmSync(project, { recursive: true }));

/** As if this package stood in the project. */
function place(more: Partial<Place> = {}): Place {
  return { file: join(project, 'index.js'), platform: 'linux', arch: 'x64', ...more };
}

/** Puts files, by path and text, into the project's onnxruntime-node. */
function installed(files: Readonly<Record<string, string>>): string {
  const folder = join(project, 'node_modules/onnxruntime-node');
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const BINARY = 'bin/napi-v6/linux/x64/onnxruntime_binding.node';

/** An onnxruntime-node of the right version with these modules. */
function withModules(binding: string, index = 'exports.Tensor = class {}'): string {
  const manifest = JSON.stringify({ name: 'onnxruntime-node', version: '1.30.0', main: 'dist/index.js' });
  return installed({ 'package.json': manifest, 'dist/index.js': index, 'dist/binding.js': binding, [BINARY]: '' });
}

function problemOf(load: () => unknown): Pick<OnnxRuntimeError, 'code' | 'reason' | 'advice' | 'message'> {
  try {
    load();
  } catch (error) {
    if (error instanceof OnnxRuntimeError) return error;
    throw error;
  }
  throw new RangeError('it loaded');
}

it('runs models, synchronously, in memory of the caller', () => {
  const runtime = loadOnnxRuntime();
  expect(runtime.version).toBe('1.30.0');
  expect(loadOnnxRuntime()).toBe(runtime);
  const g = new Graph();
  const x = g.input('x', [3], 'float32');
  const session = runtime.createSession(encodeModel(emit([{ name: 'y', value: g.mul(x, x) }])), {});
  const output = new Float32Array(3);
  session.run(
    { x: new runtime.Tensor('float32', Float32Array.of(1, 2, 3), [3]) },
    { y: new runtime.Tensor('float32', output, [3]) },
    {},
  );
  session.dispose();
  expect([...output]).toEqual([1, 4, 9]);
});

it('is usable here, with its version', () => {
  expect(probeOnnxRuntime()).toEqual({
    usable: true,
    reason: `onnxruntime-node 1.30.0, CPU (${process.platform} ${process.arch})`,
  });
});

it('not installed: where it was looked for, and the one command', () => {
  const error = problemOf(() => loadFrom(place()));
  expect(error).toMatchObject({
    code: 'X_ONNXRUNTIME_MISSING',
    message:
      `the engine "onnx" cannot run: onnxruntime-node is not installed where @x/engine-onnx finds it (${project}); ` +
      COMMAND,
  });
  expect(probeOnnxRuntime(() => loadFrom(place()))).toEqual({
    usable: false,
    reason: error.reason,
    advice: COMMAND,
  });
});

it('another version: which, where, and which one is expected', () => {
  const folder = installed({ 'package.json': JSON.stringify({ version: '1.24.3' }) });
  expect(problemOf(() => loadFrom(place()))).toMatchObject({
    code: 'X_ONNXRUNTIME_VERSION',
    reason: `onnxruntime-node is 1.24.3 (in ${folder}), and @x/engine-onnx is made for 1.30.0 alone`,
    advice: COMMAND,
  });
});

describe('no binary for this machine', () => {
  it('says for which machines there are some, and which engine runs here', () => {
    const folder = withModules('');
    installed({ 'bin/napi-v6/darwin/arm64/onnxruntime_binding.node': '', 'bin/napi-v6/README': '' });
    const load = (): unknown => loadFrom(place({ arch: 'riscv64' }));
    expect(problemOf(load)).toMatchObject({
      code: 'X_ONNXRUNTIME_PLATFORM',
      reason: `onnxruntime-node 1.30.0 (in ${folder}) has no binary for linux riscv64, only for darwin arm64, linux x64`,
      advice: 'use engine: "eager", which runs everywhere',
    });
  });

  it('is how an installation without any looks as well, which can be repeated', () => {
    const folder = installed({ 'package.json': JSON.stringify({ version: '1.30.0' }) });
    expect(problemOf(() => loadFrom(place()))).toMatchObject({
      code: 'X_ONNXRUNTIME_PLATFORM',
      reason: `onnxruntime-node 1.30.0 (in ${folder}) has no binaries at all`,
      advice: `install it anew: ${COMMAND}`,
    });
  });
});

describe('it does not work', () => {
  it.each([
    ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by libonnxruntime.so.1)"],
    ['Error loading shared library ld-linux-x86-64.so.2: No such file or directory'],
  ])('with the C library of the system: %s', (message) => {
    const folder = withModules(`throw new Error(${JSON.stringify(`${message}\nRequire stack: ...`)})`);
    expect(problemOf(() => loadFrom(place()))).toMatchObject({
      code: 'X_ONNXRUNTIME_FAILED',
      reason: `onnxruntime-node 1.30.0 (in ${folder}) does not work: ${message}`,
      advice:
        'its Linux binaries need glibc 2.28 or newer (Debian 10, Ubuntu 20.04, RHEL 8; not Alpine): use such a system, ' +
        'or engine: "eager"',
    });
  });

  it('because a package that it needs is missing', () => {
    withModules('', "require('onnxruntime-common')");
    expect(problemOf(() => loadFrom(place()))).toMatchObject({
      code: 'X_ONNXRUNTIME_FAILED',
      reason: expect.stringContaining("Cannot find module 'onnxruntime-common'") as string,
      advice: `install it anew: ${COMMAND}`,
    });
  });

  it('because a part that is used is not there', () => {
    withModules('exports.binding = { InferenceSession: class { loadModel() {} } }; exports.initOrt = () => {}');
    expect(problemOf(() => loadFrom(place()))).toMatchObject({
      code: 'X_ONNXRUNTIME_FAILED',
      reason: expect.stringContaining('it has no run, no endProfiling, no dispose') as string,
    });
  });

  it('because results are wrong, or not where they were asked for', () => {
    withModules(`
      exports.initOrt = () => {};
      exports.binding = { InferenceSession: class {
        loadModel() {} run() { return {}; } endProfiling() {} dispose() {}
      } };
    `);
    expect(problemOf(() => loadFrom(place()))).toMatchObject({
      code: 'X_ONNXRUNTIME_FAILED',
      reason: expect.stringContaining(
        'a test at load gave a product of matrices, in WebAssembly memory, as [0, 0, 0, 0], expected [4, 6, -3, -4]',
      ) as string,
    });
  });
});
