import '@tensorflow/tfjs';

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { MomentumDescent, TinyRegression } from '@x/testing';
import { EagerEngine, GradientDescentTrainer, NamedState, ParameterSet, withLog } from '@x/trainer-core';
import type { Batch, Engine, ForwardMode, Outputs, Program } from '@x/trainer-core';

import { OnnxEngine } from './onnx-engine.js';

/** What a step does besides the plain regression: the outputs it adds, or another loss. */
type Misdeed = (
  model: Misbehaved,
  batch: { readonly x: tf.Tensor2D; readonly y: tf.Tensor1D },
  loss: tf.Tensor,
) => unknown;

class Misbehaved extends TinyRegression {
  readonly array = [1, 2, 3, 4];
  readonly counter = tf.tidy(() => tf.variable(tf.scalar(0)));
  count = 0;
  kept: tf.Tensor | undefined;

  constructor(private readonly misdeed: Misdeed) {
    super();
  }

  override forward(batch: Batch, mode: ForwardMode): Outputs {
    const outputs = super.forward(batch, mode);
    const more = this.misdeed(this, batch as never, outputs['loss']!);
    return more instanceof Promise ? (more as never) : { ...outputs, ...(more as Outputs | undefined) };
  }

  override dispose(): void {
    super.dispose();
    tf.dispose([this.counter, this.kept] as tf.TensorContainer);
  }
}

/** A layer that looks at its input. */
class Peeking extends layers.layers.Layer {
  static readonly className = 'Peeking';

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [x] = [inputs].flat();
    if (x!.dataSync()[0]! > 1e9) throw new RangeError('too large');
    return x!;
  }
}

interface Outcome {
  readonly error: unknown;
  readonly warnings: readonly string[];
  readonly weights: readonly number[];
}

/** Two epochs of five steps, on an engine or op by op. Nothing may be left, and tfjs is as it was. */
async function train(misdeed: Misdeed, engine: Engine): Promise<Outcome> {
  const before = tf.memory();
  const model = new Misbehaved(misdeed);
  const optimizer = new MomentumDescent({ lr: 0.05, momentum: 0.5 }, ParameterSet.of(model.namedVariables()));
  const warnings: string[] = [];
  const log = { info: (): void => undefined, warn: (message: string): void => void warnings.push(message) };
  let error: unknown;
  try {
    const trainer = new GradientDescentTrainer({ model, optimizer, dataLoader: model.batches, numEpochs: 2, engine });
    await withLog(log, () => trainer.train());
  } catch (thrown) {
    error = thrown;
  }
  const weights = [...model.weight.dataSync(), ...model.bias.dataSync()];
  optimizer.dispose();
  model.dispose();
  await engine.dispose();
  const { numTensors, numDataBuffers, numBytes } = tf.memory();
  expect({ numTensors, numDataBuffers, numBytes }).toEqual({
    numTensors: before.numTensors,
    numDataBuffers: before.numDataBuffers,
    numBytes: before.numBytes,
  });
  expect(tf.getBackend()).toBe('cpu');
  return { error, warnings, weights };
}

const INITIAL = [0, 0, 0];
const MODEL_LINE = /\(at src[\\/]bad-input\.test\.ts:\d+:\d+\)$/;

beforeAll(() => void jest.spyOn(console, 'log').mockImplementation(() => undefined));
afterAll(() => jest.restoreAllMocks());

const zeros = (...shape: number[]): tf.Tensor => tf.zeros(shape);

describe.each<[what: string, misdeed: Misdeed, message: RegExp]>([
  [
    'reads a value',
    (_, __, loss) => ({ loss: tf.mul(loss, loss.dataSync()[0]! > 0 ? 1 : 2) }),
    /reads the value of the result of Mean .* return the tensor as an output .* tf\.where/,
  ],
  ['reads a value as an array', (_, { x }) => void x.arraySync(), /reads the value of the batch.s x .* tf\.where/],
  ['prints', (_, __, loss) => void tf.print(loss), /reads the value of the result of Mean/],
  ['reads a weight', ({ weight }) => void weight.dataSync(), /reads the value of the variable parameters\/weight/],
  ['reads a variable of its own', ({ counter }) => void counter.dataSync(), /reads the value of the variable/],
  [
    'reads a value and catches the error',
    (_, __, loss) => {
      try {
        loss.dataSync();
      } catch {
        return { loss: tf.mul(loss, 2) };
      }
      return undefined;
    },
    /reads the value of the result of Mean/,
  ],
  ['reads a value later', (_, __, loss) => void loss.data(), /reads the value of the result of Mean/],
  [
    'reads a value in a layer',
    (_, { x }) => {
      const layer = new Peeking({});
      return { seen: layer.apply(x) as tf.Tensor };
    },
    /reads the value of the batch.s x/,
  ],
  [
    'asks where something is',
    (_, { y }) => void tf.unique(y),
    /operation Unique\(float32\[4\]\) .* depends on the data/,
  ],
  [
    'suppresses boxes',
    (_, { y }) => void tf.image.nonMaxSuppression(zeros(4, 4) as tf.Tensor2D, y, 2),
    /operation NonMaxSuppressionV3\(.*\) .* depends on the data/,
  ],
  [
    'makes a tensor of an array that changes',
    ({ array }, { y }) => {
      array[0]! += 1;
      return { scaled: tf.mul(y, tf.tensor1d(array)) };
    },
    /not the same every time: constant float32\[4\] of \d+,2,3,4 .* Put it into the batch/,
  ],
  ['asks for the time', () => ({ now: tf.scalar(performance.now()) }), /not the same every time: constant float32\[\]/],
  [
    'counts',
    (model, _, loss) => ({ loss: tf.mul(loss, 1 + 0 * model.count++), count: tf.scalar(model.count) }),
    /not the same every time: constant float32\[\] of 1 at one time, constant float32\[\] of 2 at another/,
  ],
  [
    'counts, and does so much more each time',
    (model, { y }) => {
      let more: tf.Tensor = y;
      for (let i = 0; i <= model.count; i++) more = tf.sin(more);
      model.count += 1;
      return { more };
    },
    /not the same every time: .* Sin /,
  ],
  [
    'draws on the host',
    () => ({ drawn: tf.scalar(Math.random()) }),
    /Math\.random\(\) draws on the host.* tf\.randomUniform/,
  ],
  ['draws what has no lowering', () => ({ drawn: tf.randomGamma([3], 1) }), /tf\.randomGamma draws on the host/],
  [
    'computes with complex numbers',
    (_, { y }) => ({ spectrum: tf.real(tf.spectral.fft(tf.complex(y, y))) }),
    /operation Complex\(.*\) .* complex numbers have no type .* Compute it before the step/,
  ],
  [
    'crops',
    () => ({
      crop: tf.image.cropAndResize(
        zeros(1, 4, 4, 1) as tf.Tensor4D,
        zeros(1, 4) as tf.Tensor2D,
        tf.tensor1d([0], 'int32'),
        [2, 2],
      ),
    }),
    /operation CropAndResize\(float32\[1,4,4,1\], float32\[1,4\], int32\[1\]\) .* belongs before the step/,
  ],
  [
    'dilates',
    () => void tf.dilation2d(zeros(1, 4, 4, 1) as tf.Tensor4D, zeros(2, 2, 1) as tf.Tensor3D, 1, 'same'),
    /morpholog/,
  ],
  ['makes text', () => void tf.tensor1d(['a', 'b']), /tensor of type string/],
  [
    'assigns a variable of its own',
    ({ counter }) => void counter.assign(tf.add(counter, 1)),
    /assigns the variable .* namedBuffers/,
  ],
])('a model that %s', (_, misdeed, message) => {
  it('ends the run with one error that names the line, before anything has happened', async () => {
    const { error, warnings, weights } = await train(misdeed, new OnnxEngine({ onFailure: 'error' }));
    expect(error).toMatchObject({ code: 'X_ENGINE_NOT_COMPILABLE', message: expect.stringMatching(message) as string });
    expect((error as Error).message).toMatch(MODEL_LINE);
    expect(warnings).toEqual([]);
    expect(weights).toEqual(INITIAL);
  });

  it('is trained op by op with one warning', async () => {
    const { error, warnings, weights } = await train(misdeed, new OnnxEngine());
    expect(error).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(warnings[0]).toMatch(MODEL_LINE);
    expect(weights).toEqual((await train(misdeed, new EagerEngine())).weights);
  });
});

it('a variable that a refused step assigned has the value that steps op by op gave it', async () => {
  let counted: number[] = [];
  const counting: Misdeed = ({ counter }) => {
    counter.assign(tf.add(counter, 1));
    if (tf.getBackend() === 'cpu') counted = [...counter.dataSync()];
  };
  await train(counting, new OnnxEngine());
  expect(counted).toEqual([10]);
});

describe.each<[what: string, read: (y: tf.Tensor1D) => Promise<unknown>]>([
  ['data', (y) => y.data()],
  ['whereAsync', (y) => tf.whereAsync(tf.greater(y, 0))],
  ['booleanMaskAsync', (y) => tf.booleanMaskAsync(y, tf.greater(y, 0))],
])('a model that starts %s()', (_, read) => {
  it('ends the run, and not the process by a rejection that nobody waits for', async () => {
    const { error, weights } = await train((_model, { y }) => void read(y), new OnnxEngine({ onFailure: 'error' }));
    expect((error as Error).message).toMatch(/reads the value/);
    expect((error as Error).message).toMatch(MODEL_LINE);
    expect(weights).toEqual(INITIAL);
  });
});

describe('a model that keeps a tensor of a step in a field', () => {
  const keeping: Misdeed = (model, { y }) => {
    const { kept } = model;
    model.kept = tf.keep(tf.square(y));
    return kept === undefined ? undefined : { before: kept };
  };
  const onceOnly: Misdeed = (model, { y }) => {
    model.kept ??= tf.keep(tf.square(y));
  };

  it('and uses it in the next one ends the run with the weights as they were', async () => {
    for (const onFailure of ['error', 'eager'] as const) {
      const { error, weights } = await train(keeping, new OnnxEngine({ onFailure }));
      expect(error).toMatchObject({
        code: 'X_ENGINE_NOT_COMPILABLE',
        message: expect.stringMatching(/tensor of an earlier step \(the result of Square\): .* namedBuffers/) as string,
      });
      expect(weights).toEqual(INITIAL);
    }
  });

  it('and reads it outside is told that it was never computed', async () => {
    const model = new Misbehaved(onceOnly);
    const optimizer = new MomentumDescent({ lr: 0.05, momentum: 0.5 }, ParameterSet.of(model.namedVariables()));
    const engine = new OnnxEngine({ traceTwice: false });
    await new GradientDescentTrainer({ model, optimizer, dataLoader: model.batches, numEpochs: 1, engine }).train();
    expect(() => model.kept!.dataSync()).toThrow(/tensor of an earlier step \(the result of Square\).*bad-input\.test/);
    await expect(model.kept!.data()).rejects.toThrow(/tensor of an earlier step/);
    optimizer.dispose();
    model.dispose();
    engine.dispose();
  });

  it('is found by tracing twice', async () => {
    const { error } = await train(onceOnly, new OnnxEngine({ onFailure: 'error' }));
    expect((error as Error).message).toMatch(/not the same every time: kernel Square/);
  });
});

it('a variable that is made in the step is refused with the line, and is not left', async () => {
  const making: Misdeed = () => ({ twice: tf.mul(tf.variable(tf.scalar(1)), 2) });
  const { error } = await train(making, new OnnxEngine({ onFailure: 'error' }));
  expect((error as Error).message).toMatch(/the step makes a variable: .* constructor/);
  expect((error as Error).message).toMatch(MODEL_LINE);
});

it('a parameter that is assigned in the step is refused with the line, and keeps its elements', async () => {
  const assigning: Misdeed = ({ bias }) => void bias.assign(tf.add(bias, 1));
  const { error, weights } = await train(assigning, new OnnxEngine({ onFailure: 'error' }));
  expect((error as Error).message).toMatch(/the step assigns the variable "parameters\/bias"/);
  expect((error as Error).message).toMatch(MODEL_LINE);
  expect(weights).toEqual(INITIAL);
});

it.each<[name: string, dispose: Misdeed]>([
  ['a parameter', ({ bias }) => bias.dispose()],
  ['a variable of its own', ({ counter }) => counter.dispose()],
])('%s that is disposed in the step is refused, and is alive afterwards', async (_, dispose) => {
  const { error, weights } = await train(dispose, new OnnxEngine({ onFailure: 'error' }));
  expect((error as Error).message).toMatch(/the step disposes the variable/);
  expect(weights).toEqual(INITIAL);
});

it('a tensor that is disposed is refused with the line', async () => {
  const using: Misdeed = (_, { y }) => {
    const one = tf.scalar(1);
    one.dispose();
    return { sum: tf.add(y, one) };
  };
  const { error } = await train(using, new OnnxEngine({ onFailure: 'error' }));
  expect((error as Error).message).toMatch(/the step uses a tensor that is disposed/);
  expect((error as Error).message).toMatch(MODEL_LINE);
});

it('an asynchronous model is refused before anything has happened', async () => {
  const later: Misdeed = async () => Promise.reject(new RangeError('later'));
  for (const engine of [new OnnxEngine({ onFailure: 'error' }), new OnnxEngine()]) {
    const { error, weights } = await train(later, engine);
    expect(error).toMatchObject({ code: 'X_MODEL_INVALID', message: expect.stringMatching(/asynchronous/) as string });
    expect(weights).toEqual(INITIAL);
  }
});

it('an index out of range is said as op by op, by one error, with the weights as they were', async () => {
  const looking: Misdeed = (_, { y }) => ({ found: tf.gather(y, tf.cast(tf.add(tf.mul(y, 0), 7), 'int32')) });
  for (const engine of [new OnnxEngine({ onFailure: 'error' }), new OnnxEngine()]) {
    const { error, warnings, weights } = await train(looking, engine);
    expect(error).toMatchObject({
      code: 'X_MODEL_INVALID',
      message: expect.stringMatching(
        /index value 7 is not in \[0, 3\]; the batch has x: float32 \[4,2\].*\(at src.bad-input\.test\.ts:\d+:\d+\)$/,
      ) as string,
    });
    expect(warnings).toEqual([]);
    expect(weights).toEqual(INITIAL);
  }
});

it('a step that runs a step is refused with the line', async () => {
  const inner = new OnnxEngine();
  await inner.prepare();
  const program = { name: 'inner', key: '', guards: [], run: () => ({ one: tf.scalar(1) }) };
  const nested: Misdeed = () => void inner.run(program, new NamedState());
  const { error, weights } = await train(nested, new OnnxEngine({ onFailure: 'error' }));
  expect((error as Error).message).toMatch(/the step runs another step: run\(\) belongs between steps/);
  expect((error as Error).message).toMatch(MODEL_LINE);
  expect(weights).toEqual(INITIAL);
  inner.dispose();
});

it('text in a batch is no obstacle to a model that does not compute with it', async () => {
  const words = tf.tensor1d(['a', 'b', 'c', 'd']);
  const engine = new OnnxEngine({ onFailure: 'error' });
  await engine.prepare();
  const square = (field: string): Program => ({
    name: field,
    key: '',
    guards: [],
    run: ({ batch }) => ({ square: tf.reshape(batch[field] as tf.Tensor, [2, 2]) }),
  });
  const batch = { y: tf.tensor1d([1, 2, 3, 4]), words };
  const { outputs } = await engine.run(square('y'), new NamedState(), { batch });
  expect([...outputs['square']!.dataSync()]).toEqual([1, 2, 3, 4]);
  await expect(engine.run(square('words'), new NamedState(), { batch })).rejects.toThrow(/type string/);
  tf.dispose([outputs, batch] as tf.TensorContainer);
  engine.dispose();
});

it('more threads than cores are refused where the engine is made', () => {
  const threads = 100_000;
  expect(() => new OnnxEngine({ threads })).toThrow(
    /100000 threads, but this process has \d+ cores?: .* leave the option out/,
  );
});
