import * as tf from '@tensorflow/tfjs-core';

import { disposeBatch } from '../contracts/batch.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { Communicator } from '../contracts/communicator.js';
import type { DataLoader } from '../contracts/data-loader.js';
import type { Engine } from '../contracts/engine.js';
import type { MetricValues } from '../contracts/metric.js';
import type { ModelLike } from '../contracts/model.js';
import { DataError } from '../errors.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { evaluateProgram } from '../programs/evaluate.js';
import type { NamedState } from '../state/named-state.js';
import { stateOfModel } from './inference.js';
import { inLockstep, yieldToEventLoop } from './lockstep.js';
import { SingleProcess } from './neutral.js';
import { runForward } from './run-forward.js';

/** One evaluated batch. Outputs are disposed after the call. */
export type BatchEvaluated = (batch: Batch, outputs: Readonly<Outputs>) => void | Promise<void>;

/** What an evaluation pass needs. */
export interface EvaluationPass {
  readonly engine: Engine;
  readonly communicator: Communicator;
  readonly state: NamedState;
  readonly outputs: (batch: Batch) => Outputs;
  readonly dataLoader: DataLoader;
  readonly epoch: number;
  readonly parameters: 'raw' | 'averaged';
  readonly onBatch: BatchEvaluated;
  /** Asked after every batch: true ends the pass there. Default: never. */
  readonly interrupted?: () => Promise<boolean>;
}

/**
 * Runs every batch of a loader through the model, not in training.
 *
 * @throws DataError (`X_DATA_EMPTY`) if the loader yields no batch.
 */
export async function evaluatePass(pass: EvaluationPass): Promise<void> {
  const { engine, communicator, state, dataLoader, epoch, parameters, onBatch } = pass;
  const { rank, worldSize } = communicator;
  const program = evaluateProgram(pass.outputs);
  let count = 0;
  for await (const batch of inLockstep(dataLoader.epoch({ epoch, rank, worldSize }), communicator, disposeBatch)) {
    count += 1;
    try {
      const { outputs } = await engine.run(program, state, { batch, parameters });
      try {
        await onBatch(batch, outputs);
      } finally {
        tf.dispose(outputs);
      }
    } finally {
      disposeBatch(batch);
    }
    await yieldToEventLoop();
    if ((await pass.interrupted?.()) === true) break;
  }
  if (count === 0) {
    throw new DataError(
      'X_DATA_EMPTY',
      'the data loader gave no batch to evaluate; look at the path, the filter and the batch size',
    );
  }
}

/**
 * Evaluates a trained model: its metrics, and `loss`, the mean over batches weighted by the output `batchWeightKey` (each
 * batch counts 1 without it).
 *
 * @throws DataError (`X_DATA_INVALID`) if some batches give a loss and others do not.
 */
export async function evaluateModel(
  model: ModelLike,
  dataLoader: DataLoader,
  options: { readonly engine?: Engine; readonly communicator?: Communicator; readonly batchWeightKey?: string } = {},
): Promise<MetricValues> {
  const { engine = new EagerEngine(), communicator = new SingleProcess(), batchWeightKey = '' } = options;
  await engine.prepare();
  const state = stateOfModel(model);
  const metrics = model.metrics ?? [];
  for (const metric of metrics) metric.reset();
  let batches = 0;
  let withLoss = 0;
  let totalLoss = 0;
  let totalWeight = 0;
  const read = async (tensor: tf.Tensor): Promise<number> => (await tensor.data())[0]!;
  await evaluatePass({
    engine,
    communicator,
    state,
    dataLoader,
    epoch: 0,
    parameters: 'raw',
    outputs: (batch) => runForward(model, batch, { training: false }),
    onBatch: async (batch, outputs) => {
      batches += 1;
      for (const metric of metrics) await metric.update(outputs, batch);
      const loss = outputs['loss'];
      if (loss === undefined) return;
      const weightTensor = batchWeightKey === '' ? undefined : outputs[batchWeightKey];
      if (batchWeightKey !== '' && weightTensor === undefined) {
        throw new DataError(
          'X_DATA_INVALID',
          `batchWeightKey is "${batchWeightKey}", but the model puts out ${Object.keys(outputs).join(', ')}`,
        );
      }
      const weight = weightTensor === undefined ? 1 : await read(weightTensor);
      withLoss += 1;
      totalLoss += weight * (await read(loss));
      totalWeight += weight;
    },
  });
  if (withLoss > 0 && withLoss !== batches) {
    throw new DataError(
      'X_DATA_INVALID',
      `the model gave a loss for ${withLoss} of ${batches} batches; it must for all or none`,
    );
  }
  const values: MetricValues = {};
  for (const metric of metrics) {
    Object.assign(values, metric.compute(await communicator.allReduceSum(metric.sums())));
    metric.reset();
  }
  const { weighted, weight } = await communicator.allReduceSum({ weighted: totalLoss, weight: totalWeight });
  return withLoss > 0 ? { ...values, loss: weighted! / weight! } : values;
}
