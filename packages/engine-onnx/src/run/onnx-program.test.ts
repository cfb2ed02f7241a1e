import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { EagerEngine, NamedState } from '@x/trainer-core';
import type { Engine, Program, RunRequest } from '@x/trainer-core';

import { OnnxEngine } from '../onnx-engine.js';
import { FusedUpdate } from '../update/fused-update.js';
import { StateMemory } from '../update/memory.js';

interface Step extends RunRequest {
  readonly run: Program['run'];
  readonly guards?: readonly string[];
}

type Variables = Readonly<Record<string, tf.Variable>>;

/** What every step gave, and the whole state after it; the steps are run three times over. */
async function story(engine: Engine, variables: Variables, steps: readonly Step[]): Promise<unknown[]> {
  await engine.prepare();
  const state = new NamedState();
  for (const [name, variable] of Object.entries(variables)) state.define(name, variable);
  const seen: unknown[] = [];
  for (const [i, { run, guards = [], ...request }] of [...steps, ...steps, ...steps].entries()) {
    const program: Program = { name: `step ${i % steps.length}`, key: '', guards, run };
    const { outputs, written, committed } = await engine.run(program, state, request);
    const now = Object.fromEntries([...state.allVariables(), ...state.allTemporaries()]);
    seen.push({ outputs: contents(outputs), state: contents(now), written: [...written].sort(), committed });
    tf.dispose(outputs);
  }
  state.clearTemporaries();
  tf.dispose(Object.values(variables));
  await engine.dispose();
  return seen;
}

function contents(tensors: Readonly<Record<string, tf.Tensor>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [
      name,
      { dtype: tensor.dtype, shape: tensor.shape, elements: [...tensor.dataSync()] },
    ]),
  );
}

const vector = (...elements: number[]): tf.Variable => tf.variable(tf.tensor1d(elements));
const two = (): Variables => ({ 'parameters/a': vector(1, 2, 3), 'parameters/b': vector(4, 5, 6) });
const tied = (): Variables => {
  const shared = vector(1, 2, 3);
  return { 'parameters/a': shared, 'parameters/b': shared };
};

const stories: readonly [what: string, start: () => Variables, steps: readonly Step[]][] = [
  [
    'an output that is the old value of what is updated in place, and one that is the new value',
    two,
    [
      {
        run: (_, state) => {
          const old = state.read('parameters/a')!;
          state.write('parameters/a', tf.add(tf.mul(old, 2), 1));
          return { old, new: state.read('parameters/a')!, sum: tf.sum(state.read('parameters/a')!) };
        },
      },
    ],
  ],
  [
    'one value under several names',
    two,
    [
      {
        run: (_, state) => {
          const next = tf.mul(state.read('parameters/a')!, 2);
          for (const name of ['parameters/a', 'parameters/b', 'pending/a']) state.write(name, next);
          return { first: next, second: next };
        },
      },
    ],
  ],
  [
    'variables that exchange their values',
    two,
    [
      {
        run: (_, state) => {
          const [a, b] = [state.read('parameters/a')!, state.read('parameters/b')!];
          state.write('parameters/a', b);
          state.write('parameters/b', a);
          return { a };
        },
      },
    ],
  ],
  [
    'a variable that takes the value of another one, which is updated',
    two,
    [
      {
        run: (_, state) => {
          const [a, b] = [state.read('parameters/a')!, state.read('parameters/b')!];
          state.write('parameters/a', b);
          state.write('parameters/b', tf.add(a, 1));
          return { a, b };
        },
      },
    ],
  ],
  [
    'one variable under two names, both of which are written',
    tied,
    [
      {
        run: (_, state) => {
          state.write('parameters/a', tf.add(state.read('parameters/a')!, 1));
          state.write('parameters/b', tf.add(state.read('parameters/b')!, 10));
          return {};
        },
      },
    ],
  ],
  [
    'a variable that is given the value it has',
    two,
    [
      {
        run: (_, state) => {
          state.write('parameters/a', state.read('parameters/a')!);
          return {};
        },
      },
    ],
  ],
  [
    'averages that stand for the parameters and are updated in place',
    () => ({ 'parameters/a': vector(1, 2, 3), 'averages/a': vector(5, 6, 7) }),
    [
      {
        parameters: 'averaged',
        run: (_, state) => {
          const seen = state.read('parameters/a')!;
          state.write('averages/a', tf.mul(seen, 2));
          return { seen, new: state.read('averages/a')! };
        },
      },
    ],
  ],
  [
    'a guard that is a new value which kernels would write',
    two,
    [
      {
        guards: ['new'],
        commitIf: 'finite',
        run: (_, state) => {
          const old = state.read('parameters/a')!;
          state.write('parameters/a', tf.div(1, tf.sub(old, 3)));
          return { old, new: state.read('parameters/a')! };
        },
      },
    ],
  ],
  [
    'a temporary that is replaced by one of another shape, and of another type',
    two,
    [
      (a: tf.Tensor) => tf.sum(a),
      (a: tf.Tensor) => a,
      (a: tf.Tensor) => tf.reshape(a, [3, 1]),
      (a: tf.Tensor) => tf.cast(a, 'int32'),
    ].map((make): Step => ({
      run: (_, state) => {
        state.write('pending/x', make(state.read('parameters/a')!));
        return {};
      },
    })),
  ],
  [
    'a temporary that is read in one shape, and in another',
    two,
    [
      {
        run: (_, state) => {
          const x = state.read('pending/x') ?? state.read('parameters/a')!;
          state.write('pending/x', tf.reshape(x, x.rank === 1 ? [3, 1] : [3]));
          return { x, twice: tf.mul(x, 2) };
        },
      },
    ],
  ],
  [
    'micro-batches that reach different parameters',
    two,
    [
      ...['a', 'b'].map((name, i): Step => ({
        run: (_, state) => {
          state.write(`gradients/${name}`, tf.mul(state.read(`parameters/${name}`)!, 2 + i));
          return {};
        },
      })),
      {
        run: (_, state) => {
          for (const name of ['gradients/a', 'gradients/b']) state.write(name, null);
          return {};
        },
      },
    ],
  ],
];

describe('a compiled program does what it does op by op, with', () => {
  it.each(stories)('%s', async (_, start, each) => {
    const expected = await story(new EagerEngine(), start(), each);
    expect(await story(new OnnxEngine({ onFailure: 'error' }), start(), each)).toEqual(expected);
    const withoutKernels = new OnnxEngine({ onFailure: 'error', off: ['fusedUpdate'] });
    expect(await story(withoutKernels, start(), each)).toEqual(expected);
  });
});

it('memory that runs out is found before anything of a step is written', async () => {
  const { allocate } = StateMemory.prototype;
  let full = false;
  const allocating = jest.spyOn(StateMemory.prototype, 'allocate').mockImplementation(function (
    this: StateMemory,
    bytes,
  ) {
    if (full) throw new RangeError('the memory is full');
    return allocate.call(this, bytes);
  });
  const { run } = FusedUpdate.prototype;
  const updating = jest.spyOn(FusedUpdate.prototype, 'run').mockImplementation(function (this: FusedUpdate) {
    full = true;
    run.call(this);
  });
  const [a, b] = [vector(1, 2, 3), vector(4, 5, 6)];
  const state = new NamedState();
  state.define('parameters/a', a);
  state.define('parameters/b', b);
  const step: Program['run'] = (_, now) => {
    const old = now.read('parameters/a')!;
    now.write('parameters/a', tf.mul(old, 2));
    now.write('parameters/b', tf.cumsum(old));
    return {};
  };
  const engine = new OnnxEngine({ onFailure: 'error' });
  try {
    await engine.prepare();
    await engine.run({ name: 'step', key: '', guards: [], run: step }, state);
    expect(full).toBe(true);
    expect([...a.dataSync()]).toEqual([2, 4, 6]);
    expect([...b.dataSync()]).toEqual([1, 3, 6]);
  } finally {
    allocating.mockRestore();
    updating.mockRestore();
    tf.dispose([a, b]);
    engine.dispose();
  }
});
