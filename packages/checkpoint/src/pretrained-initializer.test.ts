import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import {
  component,
  ConfigDir,
  corePlugin,
  InitializerApplicator,
  ParameterSet,
  RandomStreams,
  Registry,
  RunContainer,
  validate,
  withRegistry,
} from '@x/trainer-core';

import plugin from './plugin.js';
import { writeWeights } from './weights.js';

const random = new RandomStreams(1).stream('initialization');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pretrained-'));
  await writeWeights(join(folder, 'weights.safetensors'), {
    w: tf.tensor2d([[1, 2]]),
    old: tf.tensor1d([3]),
    steps: tf.tensor1d([7], 'int32'),
  });
});

afterAll(() => rm(folder, { recursive: true }));

/** What becomes of parameters of zeros; the path of the file is relative to the config. */
function initialize(shapes: Readonly<Record<string, number[]>>, options: Record<string, unknown> = {}): unknown {
  const registry = new Registry([corePlugin, plugin]);
  const initializer = { type: 'pretrained', weights_file_path: 'weights.safetensors', ...options };
  const checked = withRegistry(registry, () =>
    validate(component(InitializerApplicator), { regexes: [['.*', initializer]] }),
  );
  if (!checked.ok) throw new Error(checked.problems.map(({ message }) => message).join());
  const run = new RunContainer(registry);
  run.provide(ConfigDir, folder);
  return tf.tidy(() => {
    const variables = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, tf.variable(tf.zeros(shape))]),
    );
    try {
      run.build(checked.value).apply(ParameterSet.of(variables), random);
      return Object.fromEntries(Object.entries(variables).map(([name, variable]) => [name, [...variable.dataSync()]]));
    } finally {
      tf.dispose(variables);
    }
  });
}

describe('pretrained', () => {
  it('takes weights by name, or by another name', () => {
    expect(initialize({ w: [1, 2], steps: [1] })).toEqual({ w: [1, 2], steps: [7] });
    expect(initialize({ w: [1, 2], renamed: [1] }, { parameter_name_overrides: { renamed: 'old' } })).toEqual({
      w: [1, 2],
      renamed: [3],
    });
  });

  it('takes the best weights of a run, which its folder points to', async () => {
    await writeFile(join(folder, 'best.json'), '{"weights":"weights.safetensors"}');
    expect(initialize({ w: [1, 2] }, { weights_file_path: '.' })).toEqual({ w: [1, 2] });
    await rm(join(folder, 'best.json'));
    expect(() => initialize({ w: [1, 2] }, { weights_file_path: '.' })).toThrow(
      /has no best weights: there is no best.json/,
    );
  });

  it('says which weight does not fit, or is missing', () => {
    expect(() => initialize({ w: [2, 1] })).toThrow(
      /Incompatible sizes found for parameter w\. Found \[2,1\] in the model and \[1,2\]/,
    );
    expect(() => initialize({ v: [1] })).toThrow(/has no weight "v" for the parameter "v"; it has w, old, steps/);
  });

  it('says which file cannot be read', () => {
    expect(() => initialize({ w: [1, 2] }, { weights_file_path: 'none.safetensors' })).toThrow(
      /none\.safetensors cannot be read: ENOENT/,
    );
  });

  it('leaks nothing, also if it fails', () => {
    const before = tf.memory().numTensors;
    initialize({ w: [1, 2] });
    expect(() => initialize({ w: [2, 1] })).toThrow();

    expect(tf.memory().numTensors).toBe(before);
  });
});
