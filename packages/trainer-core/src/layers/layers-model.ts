import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

import { messageOf } from '../config/show.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { Model } from '../contracts/model.js';
import type { ForwardMode } from '../contracts/model.js';
import type { Metric } from '../contracts/metric.js';
import { DataError, ModelError } from '../errors.js';
import type { InitializerApplicator } from '../model/initializer-applicator.js';
import type { RegularizerApplicator } from '../model/regularizers/applicator.js';
import { DEFAULT_SEED, RandomStreams } from '../random/streams.js';
import { ParameterSet } from '../state/parameters.js';
import { compile, compiledParts } from './compiled.js';
import type { Compiled, CompileLoss, CompileMetrics } from './compiled.js';
import { LayersMetric } from './layers-metric.js';
import { tensorsFor } from './named-tensors.js';
import { adaptRandomLayers, releaseDropoutMasks } from './random-layers.js';
import { everyLayer } from './walk.js';

export interface LayersModelOptions {
  /** As in `model.compile`; needed where the model is not compiled, and compiles it anew where it is. */
  readonly loss?: CompileLoss | undefined;
  /** As in `model.compile`; taken together with `loss`. */
  readonly metrics?: CompileMetrics | undefined;
  /** The key of a batch's inputs: a tensor, a list, or a dictionary by input name. Default `x`. */
  readonly inputs?: string | undefined;
  /** The key of a batch's labels: a tensor, a list, or a dictionary by output name. A batch without them has no loss. Default `y`. */
  readonly labels?: string | undefined;
  /** The key of weights of the examples in the loss, by output like the labels; batches may lack it. Default `sampleWeight`. */
  readonly sampleWeights?: string | undefined;
  /** Overwrites the weights by patterns of their names. */
  readonly initializer?: InitializerApplicator | undefined;
  /** Of the initializer. Default {@link DEFAULT_SEED}. */
  readonly seed?: number | undefined;
  /** Penalties by patterns of names, besides those that the layers have. */
  readonly regularizer?: RegularizerApplicator | undefined;
  /** Names of the model's layers whose activations are logged as histograms. They become outputs, each under its layer's name. */
  readonly logActivations?: readonly string[] | undefined;
}

/**
 * Makes a `tf.LayersModel` trainable here: loss and metrics as compiled, the layers' own regularization, weights under the
 * names that tfjs saves them with, moving statistics as buffers. Its dropout and noise layers draw from the step's
 * generator from now on.
 *
 * A batch is `{ x, y }`. Outputs are `loss` and `predictions`, or, of a model with several outputs, each under its
 * output's name; the loss is the sum over outputs.
 *
 * The model stays the caller's: it is trained in place, and `model.predict`, `model.save` go on as before. Give layers
 * names of your own if a checkpoint shall fit a second model of the same process: tfjs numbers the others.
 *
 * @throws ModelError (`X_MODEL_INVALID`) for a model that is not built, has stateful recurrent layers, or uses a name twice.
 */
export function fromLayersModel(model: tfl.LayersModel, options: LayersModelOptions = {}): LayersModelAdapter {
  return new LayersModelAdapter(model, options);
}

/** What {@link fromLayersModel} makes. */
export class LayersModelAdapter extends Model {
  override readonly metrics: readonly Metric[];
  private readonly layers: readonly tfl.layers.Layer[];
  private readonly compiled: Compiled | null;
  private readonly outputNames: readonly string[];
  private readonly keys: { readonly inputs: string; readonly labels: string; readonly sampleWeights: string };
  private readonly parameters: Readonly<Record<string, tf.Variable>>;
  private readonly buffers: Readonly<Record<string, tf.Variable>>;
  private readonly watched: WatchedModel;
  private readonly regularizer: RegularizerApplicator | undefined;

  constructor(
    /** The wrapped model. */
    readonly model: tfl.LayersModel,
    options: LayersModelOptions = {},
  ) {
    const { loss, metrics, inputs = 'x', labels = 'y', sampleWeights = 'sampleWeight' } = options;
    super();
    checkUsable(model);
    if (loss !== undefined) compile(model, loss, metrics);
    this.compiled = compiledParts(model);
    this.keys = { inputs, labels, sampleWeights };
    this.outputNames = model.outputs.length === 1 ? ['predictions'] : model.outputNames;
    if (this.outputNames.includes('loss'))
      throw invalid(model, 'has an output named "loss"; name that layer differently');
    this.layers = everyLayer(model);
    const isBuffer = bufferTest(this.layers);
    this.parameters = variablesByName(model, (weight) => !isBuffer(weight));
    freezeAsLayersAre(model);
    this.buffers = variablesByName(model, isBuffer);
    this.metrics = (this.compiled?.metrics ?? []).map(
      ({ name, measure, outputIndex }) =>
        new LayersMetric(
          name,
          this.outputNames[outputIndex]!,
          measure,
          (batch) => this.labelsOf(batch)?.[outputIndex] ?? null,
        ),
    );
    adaptRandomLayers(this.layers);
    this.watched = watch(model, options.logActivations ?? []);
    this.regularizer = options.regularizer;
    const random = new RandomStreams(options.seed ?? DEFAULT_SEED).stream('initialization');
    options.initializer?.apply(ParameterSet.of(this.parameters), random);
  }

  override forward(batch: Batch, { training }: ForwardMode): Outputs {
    const { inputs } = this.keys;
    const x = tensorsFor(this.model.inputNames, batch[inputs], `the batch's "${inputs}"`);
    try {
      const applied = this.watched.model.apply(x.length === 1 ? x[0]! : x, { training }) as tf.Tensor | tf.Tensor[];
      const all = Array.isArray(applied) ? applied : [applied];
      const predictions = all.slice(0, this.outputNames.length);
      const outputs: Outputs = {
        ...Object.fromEntries(this.watched.activations.map(([name, position]) => [name, all[position]!])),
        ...Object.fromEntries(this.outputNames.map((name, i) => [name, predictions[i]!])),
      };
      const labels = this.labelsOf(batch);
      return labels === null ? outputs : { loss: this.loss(labels, predictions, batch), ...outputs };
    } finally {
      releaseDropoutMasks(this.layers);
    }
  }

  override namedVariables(): Readonly<Record<string, tf.Variable>> {
    return this.parameters;
  }

  override namedBuffers(): Readonly<Record<string, tf.Variable>> {
    return this.buffers;
  }

  override activationsForHistograms(): readonly string[] {
    return this.watched.activations.map(([name]) => name);
  }

  override regularizationPenalty(): tf.Scalar | null {
    const own = this.regularizer?.penalty(ParameterSet.of(this.parameters)) ?? null;
    const penalties = [...this.model.calculateLosses(), ...(own === null ? [] : [own])];
    return penalties.length === 0 ? null : tf.addN(penalties);
  }

  /** Disposes the wrapped model. */
  override dispose(): void {
    this.model.dispose();
  }

  private labelsOf(batch: Batch): tf.Tensor[] | null {
    const { labels } = this.keys;
    const value = batch[labels];
    return value === undefined || value === null
      ? null
      : tensorsFor(this.model.outputNames, value, `the batch's "${labels}"`);
  }

  private loss(labels: readonly tf.Tensor[], predictions: readonly tf.Tensor[], batch: Batch): tf.Scalar {
    const losses = this.compiled?.losses ?? [];
    const weights = this.sampleWeightsOf(batch);
    const means = predictions.flatMap((prediction, i) => {
      const loss = losses[i];
      if (loss === undefined || loss === null) return [];
      if (loss.sameShape) checkShape(labels[i]!, prediction, this.model.outputNames[i]!);
      const values = loss.measure(labels[i]!, prediction);
      return [tf.mean<tf.Scalar>(weights === null ? values : tf.mul(values, weights[i]!))];
    });
    if (means.length === 0) {
      throw new ModelError(
        'X_MODEL_NO_LOSS',
        `the model "${this.model.name}" has no loss: call model.compile({ loss, optimizer, metrics }), or pass { loss } with it`,
      );
    }
    return tf.addN(means);
  }

  private sampleWeightsOf(batch: Batch): tf.Tensor[] | null {
    const { sampleWeights } = this.keys;
    const value = batch[sampleWeights];
    if (value === undefined || value === null) return null;
    if (value instanceof tf.Tensor) return this.outputNames.map(() => value);
    return tensorsFor(this.model.outputNames, value, `the batch's "${sampleWeights}"`).map((weights) =>
      weights.rank === 2 && weights.shape[1] === 1 ? tf.squeeze(weights, [1]) : weights,
    );
  }
}

/** A model whose outputs are followed by the activations of some of its layers. */
interface WatchedModel {
  readonly model: tfl.LayersModel;
  readonly activations: readonly (readonly [layer: string, position: number])[];
}

/** Layers are shared: the result has the weights of the model, and is not disposed. */
function watch(model: tfl.LayersModel, names: readonly string[]): WatchedModel {
  if (names.length === 0) return { model, activations: [] };
  const known = model.layers.map(({ name }) => name);
  const wrong = names.find((name) => !known.includes(name) || name === 'loss');
  if (wrong !== undefined) {
    throw invalid(model, `has no activations "${wrong}" to log: its layers are ${known.join(', ')} ("loss" is taken)`);
  }
  const tensors = names.map((name) => [model.getLayer(name).output].flat()[0]!);
  // tfjs gives a tensor that is asked for twice only once
  const outputs = [...new Set([...model.outputs, ...tensors])];
  return {
    model: tfl.model({ inputs: model.inputs, outputs }),
    activations: names.map((name, i) => [name, outputs.indexOf(tensors[i]!)]),
  };
}

/** tfjs losses broadcast, and a loss of labels that do not fit would train something else. */
function checkShape(labels: tf.Tensor, predictions: tf.Tensor, outputName: string): void {
  if (labels.shape.join() === predictions.shape.join()) return;
  throw new DataError(
    'X_DATA_INVALID',
    `the labels of the output "${outputName}" have shape [${labels.shape}], its predictions [${predictions.shape}]; they should ` +
      'be equal (class numbers go with the loss sparseCategoricalCrossentropy)',
  );
}

function checkUsable(model: tfl.LayersModel): void {
  build(model);
  if (model.stateful) {
    throw invalid(model, 'has stateful recurrent layers, whose state no checkpoint holds: use stateful: false');
  }
}

/** A sequential model makes its graph when it is first used; without any layer it cannot. */
function build(model: tfl.LayersModel): void {
  if (model.built) return;
  try {
    model.build(undefined as unknown as tfl.Shape);
  } catch (error) {
    const reason = messageOf(error);
    throw invalid(
      model,
      `cannot be built, so it has no weights: ${reason} Add layers, the first of them with an inputShape`,
    );
  }
}

/** tfjs tells weights that a layer made non-trainable (statistics) from frozen ones by this list alone. */
function bufferTest(layers: readonly tfl.layers.Layer[]): (weight: tfl.LayerVariable) => boolean {
  const buffers = new Set(
    layers.flatMap(
      (layer) => (layer as unknown as { _nonTrainableWeights: tfl.LayerVariable[] })._nonTrainableWeights ?? [],
    ),
  );
  return (weight) => buffers.has(weight);
}

/** A layer made with `trainable: false` is frozen, but tfjs does not tell its variables. */
function freezeAsLayersAre(model: tfl.LayersModel): void {
  for (const weight of model.nonTrainableWeights) (weight.read() as tf.Variable).trainable = false;
}

function variablesByName(
  model: tfl.LayersModel,
  belongs: (weight: tfl.LayerVariable) => boolean,
): Record<string, tf.Variable> {
  const names = model.weights.map(({ originalName }) => originalName);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw invalid(
      model,
      `has two weights named "${twice}"; names are the keys of checkpoints: name its layers differently`,
    );
  }
  return Object.fromEntries(
    model.weights.filter(belongs).map((weight) => [weight.originalName, weight.read() as tf.Variable]),
  );
}

function invalid(model: tfl.LayersModel, what: string): ModelError {
  return new ModelError('X_MODEL_INVALID', `the layers model "${model.name}" ${what}`);
}
