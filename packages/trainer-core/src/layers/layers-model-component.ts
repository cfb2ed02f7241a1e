import { resolve } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { z } from 'zod';

import { messageOf } from '../config/show.js';
import { Model } from '../contracts/model.js';
import { ConfigError } from '../errors.js';
import { InitializerApplicator } from '../model/initializer-applicator.js';
import { RegularizerApplicator } from '../model/regularizers/applicator.js';
import { component } from '../plugins/component.js';
import type { RunContainer } from '../plugins/container.js';
import { ConfigDir } from '../plugins/run-tokens.js';
import { RandomStreamsToken } from '../random/streams.js';
import type { CompileLoss, CompileMetrics } from './compiled.js';
import { loadLayersModel } from './files.js';
import { LayersModelAdapter } from './layers-model.js';

const name = z.string().min(1);

export const LayersModelConfig = z
  .strictObject({
    path: z
      .string()
      .optional()
      .describe("A folder with a layers model in tfjs's format, from the config file's folder"),
    architecture: z
      .looseObject({})
      .optional()
      .describe(
        'In place of path: what model.toJSON() gives. Initializers without a seed draw other weights every time',
      ),
    loss: z
      .union([name, z.array(name), z.record(z.string(), name)])
      .optional()
      .describe(
        'As in model.compile: a name, one per output, or by output name. Default: what the model was saved with',
      ),
    metrics: z
      .union([name, z.array(name), z.record(z.string(), name)])
      .optional()
      .describe('As in model.compile; together with loss'),
    inputs: z.string().default('x').describe("The key of a batch's inputs"),
    labels: z.string().default('y').describe("The key of a batch's labels"),
    sampleWeights: z
      .string()
      .default('sampleWeight')
      .describe("The key of a batch's weights of examples; it may be missing"),
    initializer: component(InitializerApplicator).optional().describe('Overwrites weights by patterns of their names'),
    logActivations: z.array(name).optional().describe('Names of layers whose activations are logged as histograms'),
    regularizer: component(RegularizerApplicator)
      .optional()
      .describe('Penalties on weights by patterns of their names, besides those that the layers have'),
  })
  .refine(({ path, architecture }) => (path === undefined) !== (architecture === undefined), {
    error: 'expected either path or architecture',
  });

/** A layers model by config: `{ type: 'layers_model', path: 'models/cnn', loss: 'categoricalCrossentropy' }`. */
@Model.register('layers_model', LayersModelConfig, fromConfig)
export class LayersModelComponent extends LayersModelAdapter {}

async function fromConfig(options: z.output<typeof LayersModelConfig>, run: RunContainer): Promise<Model> {
  const { path, architecture, loss, metrics, initializer, regularizer, ...keys } = options;
  const folder = run.has(ConfigDir) ? run.get(ConfigDir) : '.';
  const model =
    path === undefined ? await fromArchitecture(architecture!) : await loadLayersModel(resolve(folder, path));
  try {
    return new LayersModelComponent(model, {
      ...keys,
      loss: loss as CompileLoss | undefined,
      metrics: metrics as CompileMetrics | undefined,
      initializer: initializer && run.build(initializer),
      regularizer: regularizer && run.build(regularizer),
      seed: run.has(RandomStreamsToken) ? run.get(RandomStreamsToken).seed : undefined,
    });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

async function fromArchitecture(architecture: Readonly<Record<string, unknown>>): Promise<tfl.LayersModel> {
  try {
    return await tfl.models.modelFromJSON(architecture as Parameters<typeof tfl.models.modelFromJSON>[0]);
  } catch (error) {
    const message = messageOf(error);
    throw ConfigError.of('X_CONFIG_INVALID', 'model.architecture', `tfjs cannot make a model of it: ${message}`);
  }
}
