import '@tensorflow/tfjs';

import { lineBatches, LineModel, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import { BatchCallback, EpochCallback, TrainerCallback } from '../contracts/callbacks.js';
import { withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { NoTensorboard } from './neutral.js';

/** A disk that is full when the logs are closed. */
class FullDisk extends NoTensorboard {
  override async close(): Promise<void> {
    throw new RangeError('no space left');
  }
}

/** Notes how the run ended, and throws in the hooks it is told. */
class Ends extends TrainerCallback {
  readonly seen: string[] = [];

  constructor(private readonly throwIn: readonly string[] = []) {
    super();
  }

  override onStepEnd(): void {
    this.note('onStepEnd');
  }

  override onError(_: unknown, { error }: { readonly error: unknown }): void {
    this.note('onError', (error as Error).message);
  }

  override onRunEnd(_: unknown, { metrics }: { readonly metrics: unknown }): void {
    this.note('onRunEnd', metrics === null ? 'failed' : 'done');
  }

  private note(hook: string, ...more: string[]): void {
    if (hook !== 'onStepEnd') this.seen.push([hook, ...more].join(' '));
    if (this.throwIn.includes(hook)) throw new RangeError(`from ${hook}`);
  }
}

function trainerWith(options: Partial<PartialObjects>): GradientDescentTrainer {
  const model = new LineModel();
  const optimizer = new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables()));
  return new GradientDescentTrainer({ model, dataLoader: lineBatches(1), numEpochs: 1, ...options, optimizer });
}

it('the error that ended the run is the one that is thrown, whatever fails afterwards', async () => {
  const failing = new Ends(['onStepEnd', 'onError', 'onRunEnd']);
  const other = new Ends();
  const trainer = trainerWith({ callbacks: [failing, other], tensorboardWriter: new FullDisk() });
  await expect(trainer.train()).rejects.toThrow('from onStepEnd');
  for (const { seen } of [failing, other]) expect(seen).toEqual(['onError from onStepEnd', 'onRunEnd failed']);
});

it('logs that cannot be closed fail the run, and callbacks are told', async () => {
  const ends = new Ends();
  await expect(trainerWith({ callbacks: [ends], tensorboardWriter: new FullDisk() }).train()).rejects.toThrow(
    'no space left',
  );
  expect(ends.seen).toEqual(['onError no space left', 'onRunEnd failed']);
});

it('an error in onRunEnd is thrown, and every other callback was told first', async () => {
  const other = new Ends();
  await expect(trainerWith({ callbacks: [new Ends(['onRunEnd']), other] }).train()).rejects.toThrow('from onRunEnd');
  expect(other.seen).toEqual(['onRunEnd done']);
});

class FailingBatches extends BatchCallback {
  override onBatch(): void {
    throw new RangeError('from onBatch');
  }
}

class FailingEpochs extends EpochCallback {
  override onEpoch(_: unknown, { epoch }: { readonly epoch: number }): void {
    if (epoch === 0) throw new RangeError('from onEpoch');
  }
}

class FailingMetrics extends NoTensorboard {
  override async logBatch(): Promise<void> {
    throw new RangeError('from logBatch');
  }
}

class FailingSaves extends MemoryCheckpointer {
  override async saveCheckpoint(): Promise<void> {
    throw new RangeError('from saveCheckpoint');
  }
}

class FailingModel extends LineModel {
  constructor(private readonly failsInTraining: boolean) {
    super();
  }

  override forward(...[batch, mode]: Parameters<LineModel['forward']>): ReturnType<LineModel['forward']> {
    if (mode.training === this.failsInTraining) throw new RangeError('from forward');
    return super.forward(batch, mode);
  }
}

it.each<[string, Partial<PartialObjects>]>([
  ['a step', { model: new FailingModel(true) }],
  ['an evaluation', { model: new FailingModel(false) }],
  ['a batch callback', { batchCallbacks: [new FailingBatches()] }],
  ['an epoch callback', { epochCallbacks: [new FailingEpochs()] }],
  ['a log', { tensorboardWriter: new FailingMetrics() }],
  ['a save', { checkpointer: new FailingSaves() }],
])(
  'an error in %s is thrown itself; logs are closed, checkpoints flushed, and everybody is told',
  async (_, options) => {
    const ends = new Ends();
    const tensorboardWriter = options.tensorboardWriter ?? new NoTensorboard();
    const checkpointer = (options.checkpointer as MemoryCheckpointer | undefined) ?? new MemoryCheckpointer();
    const close = jest.spyOn(tensorboardWriter as NoTensorboard, 'close');
    const flush = jest.spyOn(checkpointer, 'flush');
    const validationDataLoader = lineBatches(1);
    const trainer = trainerWith({
      validationDataLoader,
      ...options,
      tensorboardWriter,
      checkpointer,
      callbacks: [ends],
    });
    const error: unknown = await trainer.train().catch((caught: unknown) => caught);
    expect(String((error as { cause?: unknown }).cause ?? error)).toMatch(/^RangeError: from \w+$/);
    expect(close).toHaveBeenCalledTimes(1);
    expect(flush).toHaveBeenCalledTimes(1);
    expect(ends.seen).toEqual([expect.stringMatching(/^onError .*from \w+/), 'onRunEnd failed']);
  },
);

it('what fails after the error that ended the run is logged', async () => {
  const warnings: string[] = [];
  const failing = new Ends(['onStepEnd', 'onError', 'onRunEnd']);
  const also = new Ends(['onError']);
  const trainer = trainerWith({ callbacks: [failing, also], tensorboardWriter: new FullDisk() });
  await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
    expect(trainer.train()).rejects.toThrow('from onStepEnd'),
  );
  expect(warnings).toEqual([
    'another callback failed in onError: from onError',
    'a callback failed in onError: from onError',
    'the logs could not be closed: no space left',
    'a callback failed in onRunEnd: from onRunEnd',
  ]);
});
