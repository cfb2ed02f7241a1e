import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

import { Model } from '../contracts/model.js';
import { validate } from '../config/validate.js';
import { component, withRegistry } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { Registry } from '../plugins/registry.js';
import { ConfigDir } from '../plugins/run-tokens.js';
import { corePlugin } from '../plugin.js';
import plugin, { saveLayersModel } from '../layers.js';

const registry = new Registry([corePlugin, plugin]);

/** Builds a model from its config, as a run does. */
async function build(config: Record<string, unknown>, folder = '.'): Promise<Model> {
  const checked = withRegistry(registry, () => validate(component(Model), { type: 'layers_model', ...config }));
  if (!checked.ok)
    throw new Error(checked.problems.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
  const run = new RunContainer(registry);
  run.provide(ConfigDir, folder);
  return run.buildAsync(checked.value);
}

function makeModel(): tf.LayersModel {
  return tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3], name: 'out' })] });
}

describe('layers_model', () => {
  it('loads a folder, found from the folder of the config', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'layers-config-'));
    try {
      const saved = makeModel();
      await saveLayersModel(saved, join(folder, 'models', 'one'));
      const model = await build(
        { path: 'models/one', loss: 'meanSquaredError', metrics: ['mae'], inputs: 'pixels' },
        folder,
      );
      const pixels = tf.ones([1, 3]);

      expect([...model.namedVariables()['out/kernel']!.dataSync()]).toEqual([...saved.getWeights()[0]!.dataSync()]);
      expect(Object.keys(model.forward({ pixels, y: tf.ones([1, 2]) }, { training: true }))).toEqual([
        'loss',
        'predictions',
      ]);
      expect(model.metrics!.map((metric) => Object.keys(metric.compute({})))).toEqual([['mae']]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('makes an architecture that model.toJSON() gave', async () => {
    const architecture = makeModel().toJSON(null, false) as Record<string, unknown>;
    const model = await build({ architecture, loss: 'meanSquaredError' });

    expect(model.namedVariables()['out/kernel']!.shape).toEqual([3, 2]);
  });

  it('initializes and penalizes weights by patterns of their names', async () => {
    const model = await build({
      architecture: makeModel().toJSON(null, false),
      loss: 'meanSquaredError',
      initializer: { regexes: [['kernel', { type: 'constant', val: 2 }]] },
      regularizer: { regexes: [['kernel', { type: 'l2', alpha: 0.5 }]] },
    });

    expect([...model.namedVariables()['out/kernel']!.dataSync()]).toEqual([2, 2, 2, 2, 2, 2]);
    // 0.5 x 6 x 2^2
    expect(model.regularizationPenalty!()!.dataSync()[0]).toBeCloseTo(12, 5);
  });

  it.each([
    [{}, /either path or architecture/],
    [{ path: 'a', architecture: {} }, /either path or architecture/],
    [{ path: 'no-such-folder' }, /no-such-folder.model\.json: there is no such file/],
    [{ architecture: { class_name: 'Sequentail', config: {} } }, /model\.architecture: tfjs cannot make a model of it/],
    [{ path: 'a', los: 'x' }, /unknown key "los"; did you mean "loss"/],
  ])('says what is wrong with %j', async (config, message) => {
    await expect(build(config)).rejects.toThrow(message);
  });

  it('frees a model that it cannot use', async () => {
    const architecture = makeModel().toJSON(null, false) as Record<string, unknown>;
    const before = tf.memory().numTensors;

    await expect(build({ architecture, loss: 'meanCubedError' })).rejects.toThrow(/Unknown loss meanCubedError/);
    expect(tf.memory().numTensors).toBe(before);
  });
});
