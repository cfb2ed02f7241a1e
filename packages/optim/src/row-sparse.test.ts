import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { GradientDescentTrainer, sparseLookup } from '@x/trainer-core';
import type { Batch, ComponentConfig, ModelLike } from '@x/trainer-core';

import optim from './index.js';

/** Looks rows of a table of zeros up; the loss is their sum, times a slope. */
class Lookup implements ModelLike {
  readonly table = tf.tidy(() => tf.variable(tf.zeros([4, 2])));

  namedVariables(): Record<string, tf.Variable> {
    return { table: this.table };
  }

  forward({ rows, slope }: Batch): { loss: tf.Tensor } {
    const found = sparseLookup(this.table, tf.tensor1d(rows as number[], 'int32'));
    return { loss: tf.mul(tf.sum(found), slope as number) };
  }

  row(index: number): number {
    return this.table.dataSync()[2 * index]!;
  }
}

/** The first moments of the rows. */
function momentsOf(trainer: GradientDescentTrainer): number[] {
  const [table] = trainer.parameters;
  return [...trainer.optimizer.state.slotsOf(table!)['expAvg']!.dataSync()].filter((_, i) => i % 2 === 0);
}

async function train(
  optimizer: ComponentConfig,
  batches: readonly Batch[],
  accumulate = 1,
): Promise<{ model: Lookup; moments: number[] }> {
  const model = new Lookup();
  const trainer = GradientDescentTrainer.fromPartialObjects({
    model,
    dataLoader: [...batches],
    optimizer,
    numEpochs: 1,
    numGradientAccumulationSteps: accumulate,
    plugins: [optim],
  });
  await trainer.train();
  return { model, moments: momentsOf(trainer) };
}

describe.each(['sparse_adam', 'dense_sparse_adam'])('%s in a trainer', (type) => {
  it('moves the rows that are looked up, also by a zero gradient, and leaves the others and their moments alone', async () => {
    const { model, moments } = await train({ type, lr: 0.1 }, [
      { rows: [0, 1, 1], slope: 1 },
      { rows: [1], slope: 0 },
    ]);
    expect(model.row(0)).toBeCloseTo(-0.1, 6);
    // k = 2: m = 0.9 * 0.2, v = 0.999 * 0.004
    const second = (0.1 * (Math.sqrt(1 - 0.999 ** 2) / (1 - 0.9 ** 2)) * 0.18) / Math.sqrt(0.999 * 0.004);
    expect(model.row(1)).toBeCloseTo(-0.1 - second, 5);
    expect([model.row(2), model.row(3)]).toEqual([0, 0]);
    expect(moments[0]).toBeCloseTo(0.1, 6);
    expect(moments[1]).toBeCloseTo(0.18, 6);
    expect(moments.slice(2)).toEqual([0, 0]);
  });

  it('takes the rows of all micro-batches of a step', async () => {
    const { model } = await train(
      { type, lr: 0.1 },
      [
        { rows: [0], slope: 1 },
        { rows: [2], slope: 1 },
      ],
      2,
    );
    expect([0, 1, 2, 3].map((row) => Math.round(model.row(row) * 1e5) / 1e5 + 0)).toEqual([-0.1, 0, -0.1, 0]);
  });
});

it('sparse_adam stops a run whose model reads the table with a plain gather, and has changed nothing', async () => {
  const model = new Lookup();
  const forward = ({ rows }: Batch): { loss: tf.Tensor } => ({
    loss: tf.sum(tf.gather(model.table, rows as number[])),
  });
  const trainer = GradientDescentTrainer.fromPartialObjects({
    model: { namedVariables: () => model.namedVariables(), forward },
    dataLoader: [{ rows: [1] }],
    optimizer: { type: 'sparse_adam' },
    numEpochs: 1,
    plugins: [optim],
  });
  await expect(trainer.train()).rejects.toMatchObject({ code: 'X_MODEL_INVALID' });
  expect(model.row(1)).toBe(0);
});
