import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';

import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { Adam, ExponentialMovingAverage } from '@x/optim';
import {
  BatchCallback,
  EagerEngine,
  GradientDescentTrainer,
  NamedState,
  ParameterSet,
  TrainerCallback,
  withLog,
} from '@x/trainer-core';
import type {
  Batch,
  BatchEvent,
  Engine,
  EvaluateBatchEvent,
  GradientDescentTrainerOptions,
  Program,
  StepEvent,
  TrainerView,
} from '@x/trainer-core';

import { smallBatches, SmallNetwork } from './__fixtures__/small-network.js';
import { OnnxEngine } from './onnx-engine.js';
import type { StateMemory } from './update/memory.js';

// compiling takes seconds where other tests share the cores
jest.setTimeout(60_000);

const silence = { info: (): void => undefined, warn: (): void => undefined };
const makeOnnx = (): Engine => new OnnxEngine({ onFailure: 'error' });

type Options = Partial<GradientDescentTrainerOptions>;

interface Bench {
  readonly model: SmallNetwork;
  readonly trainer: GradientDescentTrainer;
  readonly engine: Engine;
  /** Trains, and returns the weights and buffers. */
  readonly train: () => Promise<number[]>;
  readonly dispose: () => void;
}

function bench(batches: readonly Batch[], engine: Engine, options: Options = {}): Bench {
  const model = new SmallNetwork();
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = new Adam({ lr: 0.01 }, parameters);
  const movingAverage = new ExponentialMovingAverage({ decay: 0.9 }, parameters);
  const trainer = new GradientDescentTrainer({
    model,
    optimizer,
    movingAverage,
    engine,
    dataLoader: batches,
    gradNorm: 1,
    numEpochs: 2,
    ...options,
  });
  return {
    model,
    trainer,
    engine,
    train: async () => {
      await withLog(silence, () => trainer.train());
      return Object.values({ ...model.namedVariables(), ...model.namedBuffers() }).flatMap((variable) => [
        ...variable.dataSync(),
      ]);
    },
    dispose: () => {
      optimizer.dispose();
      movingAverage.dispose();
      model.dispose();
    },
  };
}

function farthest(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);
}

/** Writes a line for every batch, in training and in validation: its loss, its probabilities, and the classes they give. */
class SavesPredictions extends TrainerCallback {
  constructor(private readonly file: string) {
    super();
  }

  override onStepEnd(_: TrainerView, { batchOutputs }: StepEvent): void {
    this.save(batchOutputs[0]!);
  }

  override onEvaluateBatch(_: TrainerView, { outputs }: EvaluateBatchEvent): void {
    this.save(outputs);
  }

  private save({ probabilities, loss }: Readonly<Record<string, tf.Tensor>>): void {
    const classes = tf.tidy(() => [...tf.argMax(probabilities!, -1).dataSync()]);
    const numbers = [...loss!.dataSync(), ...probabilities!.dataSync()];
    appendFileSync(this.file, `${JSON.stringify({ classes, numbers })}\n`);
  }
}

interface Saved {
  readonly classes: readonly number[];
  readonly numbers: readonly number[];
}

function linesOf(file: string): Saved[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Saved);
}

/** Does something after a step. */
class After extends BatchCallback {
  constructor(private readonly what: (trainer: GradientDescentTrainer, event: BatchEvent) => void) {
    super();
  }

  onBatch(trainer: GradientDescentTrainer, event: BatchEvent): void {
    if (event.isTraining) this.what(trainer, event);
  }
}

describe('callbacks of training on ONNX Runtime', () => {
  const batches = smallBatches(5);

  async function onBoth(options: () => Options): Promise<[number[], number[]]> {
    const results: number[][] = [];
    for (const engine of [new EagerEngine(), makeOnnx()]) {
      const { train, dispose } = bench(batches, engine, options());
      results.push(await train());
      dispose();
      await engine.dispose();
    }
    return results as [number[], number[]];
  }

  it('see the outputs of every step and of every batch of validation, as op by op', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'predictions-'));
    const files = [join(folder, 'eager.jsonl'), join(folder, 'onnx.jsonl')];
    const unused = files.values();
    const [eager, onnx] = await onBoth(() => {
      return { callbacks: [new SavesPredictions(unused.next().value!)], validationDataLoader: batches.slice(3) };
    });
    expect(farthest(onnx, eager)).toBeLessThan(2e-5);
    const [expected, actual] = files.map(linesOf) as [Saved[], Saved[]];
    rmSync(folder, { recursive: true });
    expect(expected).toHaveLength(14);
    expect(actual.map(({ classes }) => classes)).toEqual(expected.map(({ classes }) => classes));
    for (const [i, { numbers }] of expected.entries()) expect(farthest(actual[i]!.numbers, numbers)).toBeLessThan(2e-5);
  });

  it.each<[string, (trainer: GradientDescentTrainer) => void]>([
    [
      'assigns weights',
      ({ parameters }) => void tf.tidy(() => parameters.get('kernel')!.variable.assign(tf.fill([5, 7], 0.25))),
    ],
    ['sets the learning rate', ({ optimizer }) => void (optimizer.groups[0]!.options['lr'] = 0.1)],
    [
      'freezes parameters',
      ({ parameters, batchNumTotal }) => void (parameters.get('output')!.trainable = batchNumTotal > 3),
    ],
    [
      'assigns one weight to another',
      ({ parameters }) => parameters.get('beta')!.variable.assign(parameters.get('gamma')!.variable),
    ],
  ])('act on the next step: one that %s', async (_, change) => {
    const changed = new After((trainer) => {
      if (trainer.batchNumTotal % 3 === 2 || trainer.batchNumTotal === 6) change(trainer);
    });
    const [eager, onnx] = await onBoth(() => ({ batchCallbacks: [changed] }));
    expect(farthest(onnx, eager)).toBeLessThan(2e-5);
    const [unchanged] = await onBoth(() => ({}));
    expect(farthest(eager, unchanged)).toBeGreaterThan(1e-3);
  });

  it('may keep clones of outputs', async () => {
    const engine = makeOnnx();
    const clones: tf.Tensor[] = [];
    const seen: number[][] = [];
    const keeps = new After((_, { batchOutputs }) => {
      const { probabilities } = batchOutputs[0]!;
      seen.push([...probabilities!.dataSync()]);
      clones.push(tf.keep(tf.clone(probabilities!)));
    });
    const { train, dispose } = bench(batches, engine, { batchCallbacks: [keeps] });
    await train();
    dispose();
    expect(clones.map((clone) => [...clone.dataSync()])).toEqual(seen);
    await engine.dispose();
    expect(clones.map((clone) => [...clone.dataSync()])).toEqual(seen);
    tf.dispose(clones);
  });

  it('let timers and signals through between steps', async () => {
    const engine = makeOnnx();
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns += 1;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    const { train, dispose, trainer } = bench(batches, engine, { numEpochs: 10 });
    await train();
    expect(trainer.batchNumTotal).toBe(50);
    running = false;
    expect(turns).toBeGreaterThanOrEqual(trainer.batchNumTotal);
    dispose();
    await engine.dispose();
  });
});

describe('the memory of training on ONNX Runtime', () => {
  it('is constant over 300 steps of two shapes with everything on', async () => {
    const batches = smallBatches(6);
    const engine = makeOnnx();
    const tensors = new Set<number>();
    const device = new Set<unknown>();
    const look = new After(({ batchNumTotal }) => {
      if (batchNumTotal < 30) return;
      tensors.add(tf.memory().numTensors);
      device.add(JSON.stringify(engine.memory().deviceBytes));
    });
    const { train, dispose, trainer } = bench([...batches, ...batches.slice(0, 4)], engine, {
      numEpochs: 30,
      validationDataLoader: batches.slice(4),
      gradClipping: 0.5,
      callbacks: [new SavesPredictions(devNull)],
      batchCallbacks: [look],
    });
    await train();
    expect(trainer.batchNumTotal).toBe(300);
    expect([tensors.size, device.size]).toEqual([1, 1]);
    dispose();
    await engine.dispose();
  });

  it('is constant over committed, skipped, failed and other runs, and free at the end', async () => {
    const engine = new OnnxEngine({ onFailure: 'error' });
    await engine.prepare();
    const { memory } = (engine as unknown as { backend: { pool: { memory: StateMemory } } }).backend.pool;
    const w = tf.variable(tf.tensor1d([1, 2, 3]));
    const state = new NamedState();
    state.define('parameters/w', w);
    const program: Program = {
      name: 'step',
      key: '',
      guards: ['loss'],
      run: ({ batch }, at) => {
        const gradient = tf.mean(batch['x'] as tf.Tensor, 0);
        at.write('parameters/w', tf.sub(at.read('parameters/w')!, tf.mul(gradient, 0.1)));
        at.write('gradients/w', at.read('gradients/w') === undefined ? gradient : null);
        return { loss: tf.sum(gradient), gradient };
      },
    };
    const run = async (batch: Batch): Promise<boolean> => {
      const { outputs, committed } = await engine.run(program, state, { batch, commitIf: 'finite' });
      tf.dispose(outputs);
      return committed;
    };
    const [six, four, bad, gone] = [tf.ones([6, 3]), tf.ones([4, 3]), tf.fill([6, 3], NaN), tf.ones([6, 3])];
    gone.dispose();
    const round = async (): Promise<unknown> => {
      expect([await run({ x: six }), await run({ x: four }), await run({ x: bad })]).toEqual([true, true, false]);
      await expect(run({ x: gone })).rejects.toThrow('disposed');
      return { allocated: memory.allocatedBytes, tensors: tf.memory().numTensors };
    };
    await round();
    const warm = await round();
    for (let i = 0; i < 20; i++) expect(await round()).toEqual(warm);
    state.clearTemporaries();
    tf.dispose([w, six, four, bad]);
    engine.dispose();
    expect(memory.allocatedBytes).toBe(0);
  });
});

describe('engines for ONNX Runtime', () => {
  const batches = smallBatches(4);

  it('two of which train in turns give what each gives alone', async () => {
    const alone = async (): Promise<number[]> => {
      const engine = makeOnnx();
      const { train, dispose } = bench(batches, engine, { numEpochs: 4 });
      const weights = await train();
      dispose();
      await engine.dispose();
      return weights;
    };
    const expected = await alone();
    expect(await Promise.all([alone(), alone(), alone()])).toEqual([expected, expected, expected]);
  });

  it('train two models at once', async () => {
    const engine = makeOnnx();
    const benches = [bench(batches, engine), bench(batches, engine, { gradNorm: null })];
    const together = await Promise.all(benches.map(({ train }) => train()));
    benches.forEach(({ dispose }) => dispose());
    await engine.dispose();
    for (const [i, options] of [{}, { gradNorm: null }].entries()) {
      const own = makeOnnx();
      const { train, dispose } = bench(batches, own, options);
      expect(await train()).toEqual(together[i]);
      dispose();
      await own.dispose();
    }
  });
});
