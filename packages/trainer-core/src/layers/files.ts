import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

import { messageOf } from '../config/show.js';
import { ModelError } from '../errors.js';

const MODEL_FILE = 'model.json';
const WEIGHTS_FILE = 'weights.bin';

/**
 * Saves a model in tfjs's own format, `model.json` and `weights.bin`, which `tf.loadLayersModel` reads in a browser too.
 * Each file is replaced completely or not at all, the weights first.
 *
 * @param options `includeOptimizer` saves loss, metrics and the tfjs optimizer too, so that the model loads compiled.
 */
export async function saveLayersModel(
  model: tfl.LayersModel,
  folder: string,
  { includeOptimizer = false }: { readonly includeOptimizer?: boolean } = {},
): Promise<void> {
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { weightData = new ArrayBuffer(0), weightSpecs = [], ...description } = artifacts;
      const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
      const json = { ...description, weightsManifest: [{ paths: [WEIGHTS_FILE], weights: weightSpecs }] };
      await mkdir(folder, { recursive: true });
      await replaceFile(join(folder, WEIGHTS_FILE), bytes);
      await replaceFile(join(folder, MODEL_FILE), JSON.stringify(json));
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
    { includeOptimizer },
  );
}

/**
 * Loads a model that {@link saveLayersModel} or any tfjs or its converter saved as a layers model.
 *
 * @param folder the one that holds `model.json`.
 * @throws ModelError (`X_MODEL_INVALID`) that names the file, for one that is missing, cut or not a layers model.
 */
export async function loadLayersModel(folder: string): Promise<tfl.LayersModel> {
  const path = join(folder, MODEL_FILE);
  const json = parseModel(await read(path), path);
  const artifacts = await tf.io.getModelArtifactsForJSON(json, async (manifest) => {
    const specs = manifest.flatMap(({ weights }) => weights);
    const files = manifest.flatMap(({ paths }) => paths);
    const parts = await Promise.all(files.map((file) => read(join(folder, file))));
    const bytes = Uint8Array.from(Buffer.concat(parts));
    checkLength(specs, bytes.length, files.map((file) => join(folder, file)).join(', '));
    return [specs, bytes.buffer];
  });
  let before = new Set<string>();
  try {
    return await tfl.loadLayersModel({
      load: async () => {
        before = new Set(Object.keys(tf.engine().registeredVariables));
        return artifacts;
      },
    });
  } catch (error) {
    disposeNewVariables(before, artifacts.weightSpecs ?? []);
    const message = messageOf(error);
    throw invalid(path, `tfjs cannot load it: ${message}`, error);
  }
}

/** tfjs leaves the variables of a model that it fails to load; they have the names of its weights, numbered if taken. */
function disposeNewVariables(before: ReadonlySet<string>, specs: readonly tf.io.WeightsManifestEntry[]): void {
  const names = new Set(specs.map(({ name }) => name));
  for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
    if (!before.has(name) && (names.has(name) || names.has(name.replace(/_\d+$/, '')))) variable.dispose();
  }
}

async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code ?? String(error)})`;
    throw invalid(path, `${reason}; a folder that saveLayersModel wrote has ${MODEL_FILE} and ${WEIGHTS_FILE}`, error);
  }
}

function parseModel(content: Buffer, path: string): tf.io.ModelJSON {
  let json: Partial<tf.io.ModelJSON>;
  try {
    json = JSON.parse(content.toString('utf8')) as Partial<tf.io.ModelJSON>;
  } catch (error) {
    throw invalid(path, `it is not JSON: ${(error as Error).message}`, error);
  }
  if (
    json === null ||
    typeof json !== 'object' ||
    json.modelTopology === undefined ||
    !Array.isArray(json.weightsManifest)
  ) {
    throw invalid(path, 'it lacks "modelTopology" or "weightsManifest", which every model of tfjs has');
  }
  if (json.format === 'graph-model') throw invalid(path, 'it is a graph model; only layers models can be trained');
  return json as tf.io.ModelJSON;
}

const BYTES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  float16: 2,
  uint16: 2,
  uint8: 1,
};

function checkLength(specs: readonly tf.io.WeightsManifestEntry[], length: number, files: string): void {
  const sizes = specs.map(({ shape, dtype, quantization }) => {
    const elements = shape.reduce((product, size) => product * size, 1);
    return elements * (BYTES[quantization?.dtype ?? dtype] ?? NaN);
  });
  const expected = sizes.reduce((sum, size) => sum + size, 0);
  if (Number.isNaN(expected) || expected === length) return;
  throw invalid(
    files,
    `the weights of ${MODEL_FILE} take ${expected} bytes, but ${length} are there; the file is cut, or of another model`,
  );
}

function invalid(path: string, what: string, cause?: unknown): ModelError {
  return new ModelError('X_MODEL_INVALID', `${path}: ${what}`, cause === undefined ? undefined : { cause });
}
