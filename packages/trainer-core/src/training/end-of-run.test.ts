import '@tensorflow/tfjs';

import { lineBatches, LineModel, MomentumDescent } from '../__fixtures__/small-run.js';
import { TrainerCallback } from '../contracts/callbacks.js';
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
