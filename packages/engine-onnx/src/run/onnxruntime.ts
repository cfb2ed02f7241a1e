import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { DType, TypedArray } from '../graph/value.js';
import { INSTALL_COMMAND, ONNXRUNTIME_VERSION, OnnxRuntimeError } from './onnxruntime-error.js';
import { selfTest } from './self-test.js';

/** A tensor of ONNX Runtime over an array of the host, which may be a view of WebAssembly memory. */
export interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: TypedArray;
}

/** What ONNX Runtime is told when a session is made; the fields have its names. */
export interface SessionSettings {
  readonly intraOpNumThreads?: number;
  readonly executionMode?: 'sequential' | 'parallel';
  readonly graphOptimizationLevel?: 'disabled' | 'basic' | 'extended' | 'all';
  readonly logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
  /** Entries of its own configuration: `{ session: { intra_op: { allow_spinning: '0' } } }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The synchronous session below ONNX Runtime's public one, which adds checks that are quadratic in the number of names. */
export interface NativeSession {
  /** Results by name: in the tensor that a fetch gives, in a new one where it is null. */
  run(
    feeds: Readonly<Record<string, RuntimeTensor>>,
    fetches: Readonly<Record<string, RuntimeTensor | null>>,
    options: Readonly<Record<string, unknown>>,
  ): Record<string, RuntimeTensor>;
  endProfiling(): void;
  dispose(): void;
}

export interface OnnxRuntime {
  readonly version: string;
  /** Booleans are bytes, as in graphs. */
  readonly Tensor: new (type: DType, data: TypedArray, dims: readonly number[]) => RuntimeTensor;
  createSession(model: Uint8Array, settings: SessionSettings): NativeSession;
}

/** Where ONNX Runtime is looked for, and for which machine. */
export interface Place {
  /** Files are resolved as from here. */
  readonly file: string;
  readonly platform: string;
  readonly arch: string;
}

const INSTALL_ANEW = `install it anew: ${INSTALL_COMMAND}`;

const HERE: Place = { file: fileURLToPath(import.meta.url), platform: process.platform, arch: process.arch };

let loaded: OnnxRuntime | undefined;

/**
 * Loads ONNX Runtime from this package's place, when it is first asked for, and tries it out.
 *
 * @throws OnnxRuntimeError if it is missing (`X_ONNXRUNTIME_MISSING`), of another version (`X_ONNXRUNTIME_VERSION`),
 * without a binary for this machine (`X_ONNXRUNTIME_PLATFORM`), or does not load or compute (`X_ONNXRUNTIME_FAILED`).
 */
export function loadOnnxRuntime(): OnnxRuntime {
  return (loaded ??= loadFrom(HERE));
}

/** The same for a place of choice. Nothing is remembered. */
export function loadFrom({ file, platform, arch }: Place): OnnxRuntime {
  const require = createRequire(file);
  const folder = folderOf(require, file);
  checkVersion(require, folder);
  checkPlatform(folder, platform, arch);
  try {
    const runtime = bind(require, folder);
    selfTest(runtime);
    return runtime;
  } catch (error) {
    const reason = `onnxruntime-node ${ONNXRUNTIME_VERSION} (in ${folder}) does not work: ${firstLine(error)}`;
    throw new OnnxRuntimeError('X_ONNXRUNTIME_FAILED', reason, adviceFor(error), { cause: error });
  }
}

function folderOf(require: NodeJS.Require, file: string): string {
  try {
    return dirname(require.resolve('onnxruntime-node/package.json'));
  } catch (error) {
    const reason = `onnxruntime-node is not installed where @x/engine-onnx finds it (${dirname(file)})`;
    throw new OnnxRuntimeError('X_ONNXRUNTIME_MISSING', reason, INSTALL_COMMAND, { cause: error });
  }
}

function checkVersion(require: NodeJS.Require, folder: string): void {
  const { version } = require(join(folder, 'package.json')) as { version: string };
  if (version === ONNXRUNTIME_VERSION) return;
  const reason = `onnxruntime-node is ${version} (in ${folder}), and @x/engine-onnx is made for ${ONNXRUNTIME_VERSION} alone`;
  throw new OnnxRuntimeError('X_ONNXRUNTIME_VERSION', reason, INSTALL_COMMAND);
}

function checkPlatform(folder: string, platform: string, arch: string): void {
  const binaries = join(folder, 'bin/napi-v6');
  if (existsSync(join(binaries, platform, arch, 'onnxruntime_binding.node'))) return;
  const has = foldersIn(binaries).flatMap((system) =>
    foldersIn(join(binaries, system)).map((processor) => `${system} ${processor}`),
  );
  const lacking = `onnxruntime-node ${ONNXRUNTIME_VERSION} (in ${folder}) has no`;
  throw has.length === 0
    ? new OnnxRuntimeError('X_ONNXRUNTIME_PLATFORM', `${lacking} binaries at all`, INSTALL_ANEW)
    : new OnnxRuntimeError(
        'X_ONNXRUNTIME_PLATFORM',
        `${lacking} binary for ${platform} ${arch}, only for ${has.join(', ')}`,
        'use engine: "eager", which runs everywhere',
      );
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

interface LoadingSession extends NativeSession {
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, settings: SessionSettings): void;
}

interface Binding {
  readonly binding: { readonly InferenceSession: { new (): LoadingSession; readonly prototype: LoadingSession } };
  readonly initOrt: () => void;
}

function bind(require: NodeJS.Require, folder: string): OnnxRuntime {
  const { Tensor } = require(folder) as Pick<OnnxRuntime, 'Tensor'>;
  const { binding, initOrt } = require(join(folder, 'dist/binding.js')) as Binding;
  const { InferenceSession } = binding;
  checkMembers({ Tensor, initOrt, InferenceSession }, ['Tensor', 'initOrt', 'InferenceSession']);
  checkMembers(InferenceSession.prototype, ['loadModel', 'run', 'endProfiling', 'dispose']);
  return {
    version: ONNXRUNTIME_VERSION,
    Tensor,
    createSession(model, settings) {
      initOrt();
      const session = new InferenceSession();
      session.loadModel(model.buffer, model.byteOffset, model.byteLength, settings);
      return session;
    },
  };
}

function checkMembers<T extends object>(of: T, names: readonly (keyof T & string)[]): void {
  const missing = names.filter((name) => typeof of[name] !== 'function');
  if (missing.length > 0) throw new TypeError(`it has no ${missing.join(', no ')}`);
}

function adviceFor(error: unknown): string {
  const text = messageOf(error);
  if (/GLIBC(XX)?_|ld-linux|ld-musl/.test(text)) {
    return (
      'its Linux binaries need glibc 2.28 or newer (Debian 10, Ubuntu 20.04, RHEL 8; not Alpine): use such a system, ' +
      'or engine: "eager"'
    );
  }
  return INSTALL_ANEW;
}

function firstLine(error: unknown): string {
  return messageOf(error).split('\n', 1)[0]!;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
