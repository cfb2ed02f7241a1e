import { Writable } from 'node:stream';
import type { StepEvent, TrainerView } from '@x/trainer-core';

import { ConsoleProgress } from './console-progress.js';
import type { ProgressOutput } from './console-progress.js';

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
  control: {
    stop: () => undefined,
    saveNow: () => undefined,
    evaluateNow: () => undefined,
    skipValidation: () => undefined,
  },
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

describe('ConsoleProgress on a terminal', () => {
  // the bar draws itself by a timer
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function terminal(): { progress: ConsoleProgress; text: () => string; advance: (seconds: number) => void } {
    let written = '';
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        written += chunk.toString();
        done();
      },
    });
    const progress = new ConsoleProgress({}, Object.assign(stream, { isTTY: true, columns: 120 }), () => Date.now());
    return { progress, text: () => written, advance: (seconds) => jest.advanceTimersByTime(seconds * 1000) };
  }

  it('draws a bar with rate, loss and time left, and takes it away before the line of the epoch', () => {
    const { progress, text, advance } = terminal();
    progress.onEpochStart(view());
    advance(10);
    progress.onStepEnd(view({ batchesThisEpoch: 5 }), stepWith({ loss: 0.25 }));
    advance(1);
    expect(text()).toMatch(/epoch 1\/2 \[=+-+\] 5\/10 {2}0\.5 steps\/s {2}loss 0\.2500 {2}10 s left/);
    progress.onEpochEnd(view(), { metrics: {} });
    const afterBar = text().split('\u001B[?25h').at(-1);
    expect(afterBar).toContain('epoch 1/2  |  loss 0.2500  |  lr 0.1  |  11 s\n');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('draws it again after an evaluation within the epoch', () => {
    const { progress, text, advance } = terminal();
    progress.onEpochStart(view());
    advance(10);
    progress.onEvaluateStart();
    expect(jest.getTimerCount()).toBe(0);
    progress.onStepEnd(view({ batchesThisEpoch: 8 }), stepWith({ loss: 0.125 }));
    advance(1);
    expect(text()).toContain('] 8/10  0.8 steps/s  loss 0.1250');
    progress.onError();
  });

  it.each<[string, (progress: ConsoleProgress) => void]>([
    ['after an error', (progress) => progress.onError()],
    ['at the end', (progress) => progress.onRunEnd(view({ epoch: 2 }), { metrics: {} })],
  ])('leaves the terminal as it was %s', (_, end) => {
    const { progress, text } = terminal();
    progress.onEpochStart(view());
    end(progress);
    expect(text().lastIndexOf('\x1B[?25h')).toBeGreaterThan(text().lastIndexOf('\x1B[?25l'));
    expect(jest.getTimerCount()).toBe(0);
  });

  it('writes lines where the number of steps is unknown', () => {
    const { progress, text, advance } = terminal();
    const endless = view({ stepsPerEpoch: null });
    progress.onEpochStart(endless);
    advance(10);
    progress.onStepEnd({ ...endless, batchesThisEpoch: 5 }, stepWith({ loss: 0.25 }));
    expect(text()).toBe('epoch 1/2  step 5/?  0.5 steps/s  loss 0.2500\n');
  });
});

describe('two displays of one run', () => {
  const shownBy = (outputs: readonly ProgressOutput[]): void => {
    const trainer = view({ batchNumTotal: 1 });
    for (const output of outputs) new ConsoleProgress({}, output).onRunStart(trainer);
  };

  it('on one output: only the first shows anything', () => {
    const output = { write: jest.fn() };
    shownBy([output, output]);
    expect(output.write).toHaveBeenCalledTimes(1);
  });

  it('on two outputs: both do', () => {
    const outputs = [{ write: jest.fn() }, { write: jest.fn() }];
    shownBy(outputs);
    for (const { write } of outputs) expect(write).toHaveBeenCalledTimes(1);
  });
});
