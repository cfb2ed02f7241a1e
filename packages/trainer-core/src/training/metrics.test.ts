import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { AbsoluteError } from '../__fixtures__/small-run.js';
import { RunningMetrics } from './metrics.js';
import { SingleProcess } from './neutral.js';

/** Three workers that have all measured the same. */
class Triplets extends SingleProcess {
  override async allReduceSum(values: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, 3 * value]));
  }
}

/** Losses 1 and 4 with penalties 0.5 and 0; absolute errors 1, 2 and 3 of one metric, and the same of another. */
async function measured(communicator = new SingleProcess()): Promise<RunningMetrics> {
  const metrics = new RunningMetrics([new AbsoluteError(), new Renamed()], communicator);
  metrics.addLoss(1, 0.5);
  metrics.addLoss(4, 0);
  const prediction = tf.tensor1d([1, 2, 3]);
  const y = tf.zeros([3]);
  await metrics.update({ prediction }, { y });
  tf.dispose([prediction, y]);
  return metrics;
}

/** The same sums under another name, to be kept apart from the first. */
class Renamed extends AbsoluteError {
  override compute(sums: Readonly<Record<string, number>>): Record<string, number> {
    return { twice: 2 * super.compute(sums)['error']! };
  }
}

const expected = { loss: 2.5, reg_loss: 0.25, error: 2, twice: 4 };

it('values are means of sums, of this worker and over all workers', async () => {
  const metrics = await measured(new Triplets());
  expect(metrics.local()).toEqual(expected);
  expect(await metrics.global()).toEqual(expected);
  expect(metrics.numLosses).toBe(2);
});

it('without any batch every value is 0', () => {
  const metrics = new RunningMetrics([new AbsoluteError()], new SingleProcess());
  expect(metrics.local()).toEqual({ loss: 0, reg_loss: 0, error: 0 });
});

it('goes on from its saved sums, and forgets them when it is reset', async () => {
  const saved = (await measured()).stateDict();
  const metrics = new RunningMetrics([new AbsoluteError(), new Renamed()], new SingleProcess());
  metrics.loadStateDict(saved);
  metrics.addLoss(1, 0.25);
  expect(metrics.local()).toEqual({ ...expected, loss: 2, reg_loss: 0.25 });
  metrics.reset();
  expect(metrics.local()).toEqual({ loss: 0, reg_loss: 0, error: 0, twice: 0 });
});

it('a metric of the model that is called loss gives way to the loss', () => {
  const named = Object.assign(new AbsoluteError(), { compute: () => ({ loss: 99 }) });
  expect(new RunningMetrics([named], new SingleProcess()).local()['loss']).toBe(0);
});

describe('the losses', () => {
  const running = (penalized: boolean, ofBatches: boolean): RunningMetrics => {
    const metrics = new RunningMetrics([], new SingleProcess(), { regLoss: () => penalized, ofBatches });
    metrics.addLoss(1, 0.5);
    metrics.addLoss(4, 0);
    return metrics;
  };

  it.each([
    [true, true, { loss: 2.5, reg_loss: 0.25, batch_loss: 4, batch_reg_loss: 0 }],
    [false, true, { loss: 2.5, batch_loss: 4 }],
    [true, false, { loss: 2.5, reg_loss: 0.25 }],
    [false, false, { loss: 2.5 }],
  ])('with a penalty: %p, of batches: %p', (penalized, ofBatches, values) => {
    expect(running(penalized, ofBatches).local()).toEqual(values);
  });

  it('of the last batch are none of the epoch, and 0 before any', async () => {
    expect(await running(true, true).global()).toEqual({ loss: 2.5, reg_loss: 0.25 });
    const metrics = running(true, true);
    metrics.reset();
    expect(metrics.local()).toEqual({ loss: 0, reg_loss: 0, batch_loss: 0, batch_reg_loss: 0 });
  });
});
