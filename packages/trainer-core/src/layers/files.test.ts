import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

import { loadLayersModel, saveLayersModel } from './files.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'layers-model-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function makeModel(): tf.LayersModel {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 3, kernelSize: 2, inputShape: [4, 4, 1] }),
      tf.layers.batchNormalization(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return model;
}

const predictions = (model: tf.LayersModel): number[] => {
  const x = tf.tensor(
    Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
    [2, 4, 4, 1],
  );
  return [...(model.predict(x) as tf.Tensor).dataSync()];
};

describe('saveLayersModel', () => {
  it('writes what stock tfjs loads', async () => {
    const model = makeModel();
    await saveLayersModel(model, join(folder, 'new', 'model'));

    const json = JSON.parse(await readFile(join(folder, 'new', 'model', 'model.json'), 'utf8')) as tf.io.ModelJSON;
    const weights = await readFile(join(folder, 'new', 'model', 'weights.bin'));
    const stock = await tf.loadLayersModel(
      tf.io.fromMemory({
        modelTopology: json.modelTopology,
        weightSpecs: json.weightsManifest.flatMap((group) => group.weights),
        weightData: Uint8Array.from(weights).buffer,
      }),
    );

    expect(predictions(stock)).toEqual(predictions(model));
    expect(json.weightsManifest.map(({ paths }) => paths)).toEqual([['weights.bin']]);
    expect(json.format).toBe('layers-model');
  });

  it('replaces a model and leaves no other file', async () => {
    await saveLayersModel(makeModel(), folder);
    const model = makeModel();
    await saveLayersModel(model, folder);

    expect((await readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);
    expect(predictions(await loadLayersModel(folder))).toEqual(predictions(model));
  });

  it('can save how the model was compiled', async () => {
    const model = makeModel();
    await model.fit(
      tf.ones([2, 4, 4, 1]),
      tf.tensor2d([
        [0, 1],
        [1, 0],
      ]),
      { verbose: 0 },
    );
    await saveLayersModel(model, folder, { includeOptimizer: true });
    const loaded = await loadLayersModel(folder);

    expect(loaded.loss).toBe('categoricalCrossentropy');
    expect(loaded.optimizer.getConfig()).toMatchObject({ learningRate: 0.01 });
  });
});

describe('loadLayersModel', () => {
  it('loads what stock tfjs writes, in several files too', async () => {
    const model = makeModel();
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        const bytes = Buffer.from(tf.io.CompositeArrayBuffer.join(artifacts.weightData));
        const manifest = [{ paths: ['group1-shard1of2', 'group1-shard2of2'], weights: artifacts.weightSpecs! }];
        await writeFile(join(folder, 'group1-shard1of2'), bytes.subarray(0, 10));
        await writeFile(join(folder, 'group1-shard2of2'), bytes.subarray(10));
        await writeFile(
          join(folder, 'model.json'),
          JSON.stringify({ modelTopology: artifacts.modelTopology, weightsManifest: manifest }),
        );
        return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
      }),
    );

    expect(predictions(await loadLayersModel(folder))).toEqual(predictions(model));
  });

  describe('refuses, with the file and the reason, and leaks nothing,', () => {
    const edit = async (change: (json: Record<string, unknown>) => unknown): Promise<void> => {
      const path = join(folder, 'model.json');
      await writeFile(
        path,
        JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)),
      );
    };

    it.each([
      ['no model.json', () => rm(join(folder, 'model.json')), /model\.json: there is no such file/],
      ['no weights', () => rm(join(folder, 'weights.bin')), /weights\.bin: there is no such file/],
      [
        'half a model.json',
        () => writeFile(join(folder, 'model.json'), '{"modelTopology":'),
        /model\.json: it is not JSON/,
      ],
      ['another JSON', () => edit(() => ({ name: 'x' })), /lacks "modelTopology" or "weightsManifest"/],
      ['a graph model', () => edit((json) => ({ ...json, format: 'graph-model' })), /graph model/],
      [
        'cut weights',
        () => writeFile(join(folder, 'weights.bin'), new Uint8Array(100)),
        /weights\.bin: .* take 332 bytes, but 100 are there/,
      ],
      [
        'an unknown layer',
        () => edit((json) => JSON.parse(JSON.stringify(json).replace('"class_name":"Dense"', '"class_name":"Sparse"'))),
        /model\.json: tfjs cannot load it: Unknown layer: Sparse/,
      ],
    ])('%s', async (_, damage, message) => {
      const model = makeModel();
      await saveLayersModel(model, folder);
      await damage();
      const before = tf.memory().numTensors;

      await expect(loadLayersModel(folder)).rejects.toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
