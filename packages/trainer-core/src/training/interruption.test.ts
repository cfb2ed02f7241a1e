import '@tensorflow/tfjs';

import { lineBatches, LineModel, MomentumDescent } from '../__fixtures__/small-run.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { listenForInterruption } from './interruption.js';
import { RunControl } from './run-control.js';

/** Counts the handlers of SIGTERM after every step. */
class CountHandlers extends TrainerCallback {
  readonly counts: number[] = [];

  override onStepEnd(): void {
    this.counts.push(process.listenerCount('SIGTERM'));
  }
}

it.each([
  [true, 1],
  [false, 0],
])('with signals %s a run has %d handlers of its own, and none afterwards', async (signals, own) => {
  const before = process.listenerCount('SIGTERM');
  const model = new LineModel();
  const handlers = new CountHandlers();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(1),
    numEpochs: 1,
    callbacks: [handlers],
  });
  await trainer.train({ signals });
  expect(handlers.counts).toEqual([before + own]);
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

it.each(['SIGTERM', 'SIGINT'] as const)('%s interrupts, and a second one is not caught', (name) => {
  const control = new RunControl();
  const before = process.listenerCount(name);
  const stop = listenForInterruption({ signals: true }, control);
  process.emit(name);
  expect(control.interruption).toBe(name);
  expect(process.listenerCount(name)).toBe(before);
  stop();
});

it('an abort signal interrupts when it aborts, or at once where it already has', () => {
  const later = new RunControl();
  const controller = new AbortController();
  const stop = listenForInterruption({ signal: controller.signal }, later);
  expect(later.interruption).toBeNull();
  controller.abort();
  expect(later.interruption).toBe('abort');
  stop();
  const already = new RunControl();
  listenForInterruption({ signal: controller.signal }, already)();
  expect(already.interruption).toBe('abort');
});

it('the first reason stays', () => {
  const control = new RunControl();
  control.interrupt('SIGTERM');
  control.interrupt('abort');
  expect(control.interruption).toBe('SIGTERM');
});
