import '@tensorflow/tfjs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { lineBatches, LineModel, MemoryCheckpointer, MomentumDescent, weightsOf } from '../__fixtures__/small-run.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import type { TrainerView } from '../contracts/callbacks.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import { InterruptedError } from '../errors.js';
import { withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';
import { listenForInterruption } from './interruption.js';
import { SingleProcess } from './neutral.js';
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

/** Sends a signal to this process after the second step. */
class Sends extends TrainerCallback {
  constructor(private readonly send: () => void) {
    super();
  }

  override onStepEnd({ batchNumTotal }: TrainerView): void {
    if (batchNumTotal === 2) this.send();
  }
}

function trainerThat(send: () => void, checkpointer: MemoryCheckpointer | null = null): GradientDescentTrainer {
  const model = new LineModel();
  return new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: lineBatches(5),
    numEpochs: 1,
    checkpointer,
    callbacks: [new Sends(send)],
  });
}

it.each(['SIGTERM', 'SIGINT'] as const)(
  '%s in mid-epoch: the run saves, throws and leaves no handler',
  async (name) => {
    const before = process.listenerCount(name);
    const checkpointer = new MemoryCheckpointer();
    const trainer = trainerThat(() => void process.emit(name), checkpointer);
    const error: unknown = await trainer.train({ signals: true }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(InterruptedError);
    expect(error).toMatchObject({ code: 'X_INTERRUPTED', reason: name });
    expect(checkpointer.positions).toEqual([{ epoch: 0, batchesThisEpoch: 2, batchNumTotal: 2, isBestSoFar: false }]);
    expect(process.listenerCount(name)).toBe(before);
  },
);

it('a run that fails leaves no handler', async () => {
  const before = process.listenerCount('SIGTERM');
  const trainer = trainerThat(() => {
    throw new RangeError('something else');
  });
  await expect(trainer.train({ signals: true })).rejects.toThrow('something else');
  expect(process.listenerCount('SIGTERM')).toBe(before);
});

it('a signal that aborted before the start interrupts after the first step, and without a checkpointer it says so', async () => {
  const trainer = trainerThat(() => undefined);
  await expect(trainer.train({ signal: AbortSignal.abort() })).rejects.toThrow(
    /after 1 steps; its state is not stored: there is no checkpointer/,
  );
  expect(trainer.batchNumTotal).toBe(1);
});

it('where nothing came to be stored it does not say so', async () => {
  class Fails extends MemoryCheckpointer {
    override async saveCheckpoint(): Promise<void> {}
  }
  const stored = trainerThat(() => undefined, new MemoryCheckpointer());
  await expect(stored.train({ signal: AbortSignal.abort() })).rejects.toThrow(/the state was saved/);
  const failing = trainerThat(() => undefined, new Fails());
  await expect(failing.train({ signal: AbortSignal.abort() })).rejects.toThrow(/its state is not stored/);
});

it('an interrupted trainer may be started again, and goes on', async () => {
  const checkpointer = new MemoryCheckpointer();
  const controller = new AbortController();
  const trainer = trainerThat(() => controller.abort(), checkpointer);
  await expect(trainer.train({ signal: controller.signal })).rejects.toBeInstanceOf(InterruptedError);
  await trainer.train();
  expect(trainer.batchNumTotal).toBe(5);
});

describe('an abort during validation', () => {
  const epochs = 2;

  interface Run {
    readonly model: LineModel;
    readonly metrics: TrainingMetrics;
    readonly evaluated: number;
  }

  /** Trains with three validation batches, and aborts in the n-th evaluated batch of the run. */
  async function run(checkpointer: MemoryCheckpointer, abortAt = Infinity, evaluateNow = false): Promise<Run> {
    const model = new LineModel(0.3);
    const controller = new AbortController();
    let evaluated = 0;
    class Aborts extends TrainerCallback {
      override onStepEnd({ batchNumTotal, control }: TrainerView): void {
        if (evaluateNow && batchNumTotal === 2) control.evaluateNow();
      }
      override onEvaluateBatch(): void {
        evaluated += 1;
        if (evaluated === abortAt) controller.abort();
      }
    }
    const trainer = new GradientDescentTrainer({
      model,
      optimizer: new MomentumDescent({ lr: 0.05, momentum: 0.9 }, ParameterSet.of(model.namedVariables())),
      dataLoader: lineBatches(5),
      validationDataLoader: lineBatches(3),
      numEpochs: epochs,
      checkpointer,
      callbacks: [new Aborts()],
    });
    const metrics = await trainer.train({ signal: controller.signal }).catch((error: unknown) => {
      if (!(error instanceof InterruptedError)) throw error;
      return {};
    });
    return { model, metrics, evaluated };
  }

  it('is honoured before the next batch, and saved as an epoch that is not over', async () => {
    const checkpointer = new MemoryCheckpointer();
    expect((await run(checkpointer, 4)).evaluated).toBe(4);
    expect(checkpointer.positions.at(-1)).toEqual({
      epoch: 1,
      batchesThisEpoch: 5,
      batchNumTotal: 10,
      isBestSoFar: false,
    });
  });

  it.each([1, 2, 3, 5])(
    'at its batch %d, a resumed run validates anew and equals one that was not',
    async (abortAt) => {
      const checkpointer = new MemoryCheckpointer();
      await run(checkpointer, abortAt);
      const resumed = await run(checkpointer);
      const whole = await run(new MemoryCheckpointer());
      expect(weightsOf(resumed.model)).toEqual(weightsOf(whole.model));
      const same = ({ metrics }: Run): unknown =>
        Object.fromEntries(
          Object.entries(metrics).filter(([name]) => !/_MB$|duration|start_epoch|training_epochs/.test(name)),
        );
      expect(same(resumed)).toEqual(same(whole));
    },
  );

  it('that was asked for within an epoch ends the run there; the run that goes on evaluates anew', async () => {
    const checkpointer = new MemoryCheckpointer();
    expect((await run(checkpointer, 2, true)).evaluated).toBe(2);
    expect(checkpointer.positions).toEqual([{ epoch: 0, batchesThisEpoch: 2, batchNumTotal: 2, isBestSoFar: false }]);
    expect((await run(checkpointer)).evaluated).toBe(3 + epochs * 3);
  });
});

describe('an evaluation that was asked for after a step', () => {
  /** The steps after which a run of 5 evaluates, which is asked to after step 2, and in which something happens. */
  async function evaluatedIn(
    checkpointer: MemoryCheckpointer,
    hooks: Pick<TrainerCallback, 'onCheckpoint' | 'onEvaluateEnd'> = {},
  ): Promise<number[]> {
    const steps: number[] = [];
    class Asks extends TrainerCallback {
      override onStepEnd({ batchNumTotal, control }: TrainerView): void {
        if (batchNumTotal === 2) control.evaluateNow();
      }
      override onEvaluateEnd({ batchNumTotal }: TrainerView): void {
        steps.push(batchNumTotal);
      }
    }
    const model = new LineModel();
    const trainer = new GradientDescentTrainer({
      model,
      optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
      dataLoader: lineBatches(5),
      validationDataLoader: lineBatches(1),
      numEpochs: 1,
      checkpointer,
      callbacks: [new Asks(), Object.assign(new (class extends TrainerCallback {})(), hooks)],
    });
    await trainer.train().catch((error: unknown) => {
      if (!(error instanceof RangeError)) throw error;
    });
    return steps;
  }

  it('is made by the run that goes on, where the process is killed between the checkpoint and the evaluation', async () => {
    const checkpointer = new MemoryCheckpointer(2);
    const onCheckpoint = (): void => {
      throw new RangeError('killed');
    };
    expect(await evaluatedIn(checkpointer, { onCheckpoint })).toEqual([]);
    expect(await evaluatedIn(checkpointer)).toEqual([2, 5]);
  });

  it('may stop the run, which is saved there', async () => {
    const checkpointer = new MemoryCheckpointer();
    const onEvaluateEnd = ({ control }: TrainerView): void => control.stop();
    expect(await evaluatedIn(checkpointer, { onEvaluateEnd })).toEqual([2]);
    expect(checkpointer.positions.map(({ batchNumTotal }) => batchNumTotal)).toEqual([2]);
  });
});

it('a step after which a save was asked for and a signal came is saved once', async () => {
  const checkpointer = new MemoryCheckpointer();
  const controller = new AbortController();
  const trainer = trainerThat(() => {
    trainer.control.saveNow();
    controller.abort();
  }, checkpointer);
  await expect(trainer.train({ signal: controller.signal })).rejects.toBeInstanceOf(InterruptedError);
  expect(checkpointer.positions.map(({ batchNumTotal }) => batchNumTotal)).toEqual([2]);
});

it.each([
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGINT', 'SIGINT', 130],
  ['SIGINT', 'SIGTERM', 143],
] as const)('%s interrupts, and a second signal, %s, exits at once with %d', (first, second, status) => {
  const others = { handler: jest.fn(), before: process.listeners(second) };
  process.on(second, others.handler);
  const control = new RunControl();
  const exits: number[] = [];
  const log = { info: jest.fn(), warn: jest.fn() };
  const stop = withLog(log, () => listenForInterruption({ signals: true }, control, (code) => exits.push(code)));
  process.emit(first);
  expect(log.warn.mock.calls).toEqual([[expect.stringMatching(`^${first}: .*a second signal ends it at once`)]]);
  expect(interruptionOf(control)).toBe(first);
  expect(exits).toEqual([]);
  process.emit(second);
  expect(exits).toEqual([status]);
  stop();
  expect(process.listeners(second)).toEqual([...others.before, others.handler]);
  expect(others.handler).toHaveBeenCalled();
  process.removeListener(second, others.handler);
});

/** What a single worker sees at the next boundary. */
function interruptionOf(control: RunControl): string | null {
  void control.agree(new SingleProcess());
  return control.interruption;
}

it('an abort signal interrupts when it aborts, or at once where it already has', () => {
  const later = new RunControl();
  const controller = new AbortController();
  const stop = listenForInterruption({ signal: controller.signal }, later);
  expect(interruptionOf(later)).toBeNull();
  controller.abort();
  expect(interruptionOf(later)).toBe('abort');
  stop();
  const already = new RunControl();
  listenForInterruption({ signal: controller.signal }, already)();
  expect(interruptionOf(already)).toBe('abort');
});

it('the first reason stays', () => {
  const control = new RunControl();
  control.interrupt('SIGTERM');
  control.interrupt('abort');
  expect(interruptionOf(control)).toBe('SIGTERM');
});

it('a run in code locks its folder too: a second one is refused, and the first goes on', async () => {
  const serializationDir = await mkdtemp(join(tmpdir(), 'locked-'));
  try {
    const trainer = (): GradientDescentTrainer => {
      const model = new LineModel();
      const optimizer = new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables()));
      return new GradientDescentTrainer({
        model,
        optimizer,
        serializationDir,
        dataLoader: lineBatches(2),
        numEpochs: 1,
        checkpointer: null,
      });
    };
    const [first, second] = await Promise.allSettled([trainer().train(), trainer().train()]);
    const refused = [first, second].flatMap((run) => (run.status === 'rejected' ? [run.reason as unknown] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'X_DIR_LOCKED' })]);
    expect(await readdir(serializationDir)).toEqual(['metrics_epoch_0.json']);
  } finally {
    await rm(serializationDir, { recursive: true });
  }
});
