import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { Adam, ExponentialMovingAverage, Sgd } from '@x/optim';
import { InMemoryCheckpointer, toHost } from '@x/testing';
import type { HostValue } from '@x/testing';
import {
  BatchCallback,
  EagerEngine,
  GradientDescentTrainer,
  ParameterSet,
  TrainerCallback,
  withLog,
} from '@x/trainer-core';
import type { Engine, GradientDescentTrainerOptions, Optimizer, TrainerView } from '@x/trainer-core';

import { ShuffledBatches, smallBatches, SmallNetwork } from './__fixtures__/small-network.js';
import { OnnxEngine } from './onnx-engine.js';

// compiling takes seconds where other tests share the cores
jest.setTimeout(60_000);

type MakeOptimizer = (parameters: ParameterSet) => Optimizer;

const optimizers: Readonly<Record<string, MakeOptimizer>> = {
  Adam: (parameters) => new Adam({ lr: 0.01, amsgrad: true }, parameters),
  momentum: (parameters) => new Sgd({ lr: 0.05, momentum: 0.9, nesterov: true }, parameters),
};

const silence = { info: (): void => undefined, warn: (): void => undefined };

class AbortAfter extends BatchCallback {
  constructor(
    private readonly controller: AbortController,
    private readonly step: number,
  ) {
    super();
  }

  onBatch(trainer: GradientDescentTrainer): void {
    if (trainer.batchNumTotal === this.step) this.controller.abort();
  }
}

/** Makes every step run as separate programs. */
class Watcher extends TrainerCallback {
  steps = 0;

  override onGradients(_: TrainerView): void {
    this.steps += 1;
  }
}

const batches = smallBatches(7);

interface Run {
  readonly optimizer?: MakeOptimizer;
  readonly checkpointer?: InMemoryCheckpointer;
  readonly stopAfter?: number;
  readonly makeEngine?: () => Engine;
  readonly options?: Partial<GradientDescentTrainerOptions>;
}

/**
 * All that a checkpoint holds after training with dropout, batch normalization, batches of two sizes in another order each
 * epoch, clipping by norm and by value, and an average of the weights.
 */
async function trained({
  optimizer: makeOptimizer = optimizers['Adam']!,
  checkpointer = new InMemoryCheckpointer(),
  stopAfter,
  makeEngine = () => new OnnxEngine({ onFailure: 'error' }),
  options = {},
}: Run = {}): Promise<HostValue> {
  const model = new SmallNetwork();
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = makeOptimizer(parameters);
  const movingAverage = new ExponentialMovingAverage({ decay: 0.9 }, parameters);
  const controller = new AbortController();
  const engine = makeEngine();
  try {
    const trainer = new GradientDescentTrainer({
      model,
      optimizer,
      movingAverage,
      engine,
      checkpointer,
      dataLoader: new ShuffledBatches(batches),
      validationDataLoader: batches.slice(0, 2),
      gradNorm: 0.5,
      gradClipping: 0.3,
      numEpochs: 3,
      batchCallbacks: stopAfter === undefined ? [] : [new AbortAfter(controller, stopAfter)],
      ...options,
    });
    await withLog(silence, async () => {
      const training = trainer.train({ signal: controller.signal });
      await (stopAfter === undefined ? training : expect(training).rejects.toMatchObject({ code: 'X_INTERRUPTED' }));
    });
    const snapshot = trainer.getCheckpointState();
    const [modelState, trainingState] = [await toHost(snapshot.modelState), await toHost(snapshot.trainingState)];
    snapshot.dispose();
    return comparable({ modelState, trainingState });
  } finally {
    await engine.dispose();
    optimizer.dispose();
    movingAverage.dispose();
    model.dispose();
  }
}

/** Without what depends on the process, and what the run says of itself: its engine among others. */
function comparable(value: HostValue): HostValue {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || 'dtype' in value) return value;
  const entries = Object.entries(value).filter(
    ([name]) => !/^(seconds|run)$|duration|memory_MB|start_epoch|training_epochs/.test(name),
  );
  return Object.fromEntries(entries.map(([name, item]) => [name, comparable(item)]));
}

describe.each(Object.entries(optimizers))('training on ONNX Runtime with %s', (_, optimizer) => {
  // 7 steps an epoch: the first, in mid-epoch, the last of an epoch, after a validation
  it.each([1, 4, 7, 12])('goes on bit for bit when it was stopped after step %d', async (stopAfter) => {
    const expected = await trained({ optimizer });
    const checkpointer = new InMemoryCheckpointer();
    await trained({ optimizer, checkpointer, stopAfter });
    expect(await trained({ optimizer, checkpointer })).toEqual(expected);
  });

  // groups of 2, 2, 2 and 1 batches
  it.each([1, 4, 6])('goes on bit for bit with accumulation when it was stopped after step %d', async (stopAfter) => {
    const options = { numGradientAccumulationSteps: 2 };
    const expected = await trained({ optimizer, options });
    const checkpointer = new InMemoryCheckpointer();
    await trained({ optimizer, options, checkpointer, stopAfter });
    expect(await trained({ optimizer, options, checkpointer })).toEqual(expected);
  });

  it('is the same with steps that run as separate programs, but for the rounding of products', async () => {
    const watcher = new Watcher();
    const split = await trained({ optimizer, options: { callbacks: [watcher] } });
    expect(watcher.steps).toBe(21);
    expectClose(split, await trained({ optimizer }), 1e-6);
  });

  // a fused step multiplies the factors of clipping and optimizer before it multiplies gradients by them
  it('is the same bit for bit with steps that run as separate programs, without reassociation', async () => {
    const makeEngine = (): Engine => new OnnxEngine({ onFailure: 'error', off: ['reassociation'] });
    const split = await trained({ optimizer, makeEngine, options: { callbacks: [new Watcher()] } });
    expect(split).toEqual(await trained({ optimizer, makeEngine }));
  });

  it('draws other numbers with another seed, so that the tests above can fail', async () => {
    expect(await trained({ optimizer, options: { seed: 1 } })).not.toEqual(await trained({ optimizer }));
  });

  it('is training op by op but for rounding', async () => {
    const [eager, onnx] = [
      await trained({ optimizer, makeEngine: () => new EagerEngine() }),
      await trained({ optimizer }),
    ];
    expectClose(onnx, eager, 2e-4);
  });
});

/** Asserts that weights and buffers agree. */
function expectClose(actual: HostValue, expected: HostValue, tolerance: number): void {
  const tensorsOf = (value: HostValue): Record<string, { data: Float32Array }> =>
    (value as unknown as { modelState: Record<string, { data: Float32Array }> }).modelState;
  for (const [name, { data }] of Object.entries(tensorsOf(expected))) {
    const others = tensorsOf(actual)[name]!.data;
    const off = data.reduce((most, x, i) => Math.max(most, Math.abs(x - others[i]!)), 0);
    expect({ name, close: off <= tolerance, off: off <= tolerance ? 0 : off }).toEqual({ name, close: true, off: 0 });
  }
}
