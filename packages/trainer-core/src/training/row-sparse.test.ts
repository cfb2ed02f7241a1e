import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { Communicator } from '../contracts/communicator.js';
import type { RuleInput, RuleOutput } from '../contracts/optimizer.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { sparseLookup } from '../programs/sparse-lookup.js';
import { ParameterSet } from '../state/parameters.js';
import { NoPrecision, SingleProcess } from './neutral.js';
import { TrainingStep } from './training-step.js';
import type { StepWatcher } from './training-step.js';

/** Momentum descent by 1 and 0.5 on the rows that are touched; the others and their velocity stay. */
class LazyMomentum extends MomentumDescent {
  override update(input: RuleInput): RuleOutput {
    const { parameter, slots } = super.update(input);
    const mask = input.touchedRows ?? tf.onesLike(parameter);
    const touchedOnly = (next: tf.Tensor, before: tf.Tensor): tf.Tensor =>
      tf.add(before, tf.mul(mask, tf.sub(next, before)));
    return {
      parameter: touchedOnly(parameter, input.parameter),
      slots: { velocity: touchedOnly(slots['velocity']!, input.slots['velocity']!) },
    };
  }
}

/** The sum of the rows looked up, times a slope, of a table of zeros; `dense` adds a penalty on the whole table. */
function embedding(communicator: Communicator = new SingleProcess()): {
  readonly step: TrainingStep;
  readonly optimizer: LazyMomentum;
  run(...group: Batch[]): Promise<void>;
  table(): number[];
} {
  const variables = tf.tidy(() => ({ table: tf.variable(tf.zeros([4, 1])), other: tf.variable(tf.scalar(1)) }));
  const parameters = ParameterSet.of(variables);
  const optimizer = new LazyMomentum({ lr: 1, momentum: 0.5 }, parameters);
  const step = new TrainingStep({
    engine: new EagerEngine(),
    communicator,
    precision: new NoPrecision(),
    optimizer,
    movingAverage: null,
    parameters,
    buffers: {},
    limits: { gradNorm: null, gradClipping: null, gradClippingAt: 'microBatch' },
    seed: 1,
    outputs: ({ rows, slope = 1, dense = false }: Batch): Outputs => {
      const { table, other } = variables;
      if (rows === undefined) return { loss: tf.mul(other, 1) };
      const looked = tf.sum(sparseLookup(table, tf.tensor1d(rows as number[], 'int32')));
      const loss = tf.mul(looked, slope as number);
      return { loss: dense ? tf.add(loss, tf.mul(tf.sum(table), 0)) : loss };
    },
  });
  const watcher: StepWatcher = {
    watches: false,
    microBatchEnded: async () => undefined,
    rescale: async () => null,
    gradientsReady: async () => undefined,
    schedule: () => undefined,
  };
  let number = 0;
  return {
    step,
    optimizer,
    async run(...group) {
      number += 1;
      const { outputs } = await step.run(group, number, watcher, { gradients: false, parametersBefore: false });
      tf.dispose(outputs as Outputs[]);
    },
    table: () => [...variables.table.dataSync()],
  };
}

it('rows that a step does not touch stay, with their velocity; a touched row with a zero gradient moves', async () => {
  const { run, table } = embedding();
  await run({ rows: [0, 1] });
  expect(table()).toEqual([-1, -1, 0, 0]);
  await run({ rows: [1], slope: 0 }); // velocity 0.5
  expect(table()).toEqual([-1, -1.5, 0, 0]);
  await run({ rows: [0], slope: 0 }); // its velocity waited
  expect(table()).toEqual([-1.5, -1.5, 0, 0]);
});

it('a row is touched if a micro-batch touches it', async () => {
  const { run, table } = embedding();
  await run({ rows: [0] }, { rows: [2] });
  expect(table()).toEqual([-0.5, 0, -0.5, 0]);
  await run({ rows: [0], slope: 0 }, { rows: [1], slope: 0 });
  expect(table()).toEqual([-0.75, 0, -0.5, 0]);
});

it.each([
  [
    { rows: [1], slope: 0 },
    { rows: [1], slope: 0, dense: true },
  ],
  [
    { rows: [1], slope: 0, dense: true },
    { rows: [1], slope: 0 },
  ],
])('a gradient that is dense in one micro-batch is dense', async (...group) => {
  const { run, table } = embedding();
  await run({ rows: [0] });
  await run(...group);
  expect(table()).toEqual([-1.5, 0, 0, 0]);
});

it('a step that looks nothing up touches no row, also after a resume and in one program', async () => {
  const before = embedding();
  await before.run({ rows: [0] }, {});
  await before.run({});
  expect(before.table()).toEqual([-0.5, 0, 0, 0]);
  const after = embedding();
  after.step.loadStateDict(before.step.stateDict());
  after.optimizer.loadStateDict(before.optimizer.stateDict());
  await after.run({});
  expect(after.table()).toEqual([0, 0, 0, 0]);
});

it('leaves no tensor behind', async () => {
  const { run } = embedding();
  await run({ rows: [0] }, {});
  const before = tf.memory().numTensors;
  await run({ rows: [0] });
  await run({ rows: [1] }, { rows: [0] });
  expect(tf.memory().numTensors).toBe(before);
});

describe('two workers', () => {
  it('touch the rows that either of them touches, and a gradient that is dense for one is dense for both', async () => {
    const meet = meetingPlace();
    const workers = [0, 1].map((rank) => embedding(new Worker(rank, meet)));
    const runBoth = (...batches: Batch[]): Promise<unknown> =>
      Promise.all(workers.map(({ run }, rank) => run(batches[rank]!)));
    await runBoth({ rows: [0] }, { rows: [1] });
    await runBoth({ rows: [0], slope: 0 }, { rows: [2], slope: 0 }); // velocity of row 0: 0.25
    for (const { table } of workers) expect(table()).toEqual([-0.75, -0.5, 0, 0]);
    await runBoth({ rows: [3], slope: 0 }, {});
    for (const { table } of workers) expect(table()).toEqual([-0.75, -0.5, 0, 0]);
    await runBoth({ rows: [3], slope: 0 }, { rows: [3], slope: 0, dense: true }); // velocities 0.125 and 0.25
    for (const { table } of workers) expect(table()).toEqual([-0.875, -0.75, 0, 0]);
  });
});

/** Adds up what two workers bring. */
function meetingPlace(): (mine: Float32Array) => Promise<Float32Array> {
  let waiting: { values: Float32Array; resolve: (sum: Float32Array) => void } | null = null;
  return (mine) =>
    new Promise((resolve) => {
      if (waiting === null) {
        waiting = { values: mine, resolve };
        return;
      }
      const other = waiting;
      waiting = null;
      const sum = mine.map((value, i) => value + other.values[i]!);
      other.resolve(sum);
      resolve(sum);
    });
}

class Worker extends Communicator {
  override readonly worldSize = 2;

  constructor(
    override readonly rank: number,
    private readonly meet: (mine: Float32Array) => Promise<Float32Array>,
  ) {
    super();
  }

  override get isMaster(): boolean {
    return this.rank === 0;
  }

  override async allReduceMean(values: Float32Array): Promise<void> {
    const sum = await this.meet(values.slice());
    values.forEach((_, i) => (values[i] = sum[i]! / 2));
  }

  override async allReduceSum(): Promise<Record<string, number>> {
    return {};
  }

  override async allContinue(goesOn: boolean): Promise<boolean> {
    return goesOn;
  }

  override async barrier(): Promise<void> {}
}
