import type { StepEvent, TrainerView } from '@x/trainer-core';

import { ConsoleProgress } from './console-progress.js';

const view = (changes: Partial<TrainerView> = {}): TrainerView => ({
  epoch: 0,
  batchNumTotal: 0,
  batchesThisEpoch: 0,
  numEpochs: 2,
  stepsPerEpoch: 10,
  model: { forward: () => ({}), namedVariables: () => ({}) },
  serializationDir: null,
  isMaster: true,
  learningRates: [0.1, 0.1],
  control: { stop: () => undefined, saveNow: () => undefined, evaluateNow: () => undefined },
  ...changes,
});

const stepWith = (metrics: Record<string, number>): StepEvent => ({
  batchInputs: [],
  batchOutputs: [],
  loss: 0,
  gradientNorm: null,
  metrics,
});

function recorded(): { progress: ConsoleProgress; text: () => string; advance: (seconds: number) => void } {
  let written = '';
  let time = 0;
  const progress = new ConsoleProgress({}, { write: (text) => (written += text) }, () => time * 1000);
  return { progress, text: () => written, advance: (seconds) => (time += seconds) };
}

describe('ConsoleProgress without a terminal', () => {
  it('writes a line with rate, loss and time left every ten seconds', () => {
    const { progress, text, advance } = recorded();
    progress.onEpochStart(view());
    advance(9);
    progress.onStepEnd(view({ batchesThisEpoch: 2 }), stepWith({ loss: 0.5 }));
    expect(text()).toBe('');
    advance(1);
    progress.onStepEnd(view({ batchesThisEpoch: 5 }), stepWith({ loss: 0.25 }));
    expect(text()).toBe('epoch 1/2  step 5/10  0.5 steps/s  loss 0.2500  10 s left\n');
  });

  it('writes a line with all metrics, the learning rate and the duration after an epoch', () => {
    const { progress, text, advance } = recorded();
    progress.onEpochStart(view());
    progress.onStepEnd(view({ batchesThisEpoch: 10 }), stepWith({ accuracy: 0.5, loss: 0.75, reg_loss: 0 }));
    progress.onEvaluateEnd(view(), { metrics: { loss: 0.8, reg_loss: 0 } });
    advance(65);
    progress.onEpochEnd(view(), { metrics: { best_epoch: 0 } });
    expect(text()).toBe(
      'epoch 1/2  |  accuracy 0.5000  loss 0.7500  |  validation: loss 0.8000  |  lr 0.1  |  1 min 5 s  |  best so far\n',
    );
  });

  it('says where a resumed run goes on', () => {
    const { progress, text } = recorded();
    progress.onRunStart(view({ epoch: 1, batchNumTotal: 13 }));
    expect(text()).toBe('going on in epoch 2, after 13 steps\n');
  });

  it('is silent on workers that are not the master', () => {
    const { progress, text, advance } = recorded();
    const worker = view({ isMaster: false, batchNumTotal: 5 });
    progress.onRunStart(worker);
    progress.onEpochStart(worker);
    advance(100);
    progress.onStepEnd(worker, stepWith({ loss: 1 }));
    progress.onEpochEnd(worker, { metrics: {} });
    expect(text()).toBe('');
  });
});
