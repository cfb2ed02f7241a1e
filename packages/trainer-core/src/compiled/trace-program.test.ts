import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import type { ProgramState, RunRequest } from '../contracts/engine.js';
import type { EngineError } from '../errors.js';
import { dropout, randomUniform } from '../random/step-random.js';
import { program, SmallState, tfjsNow } from './__fixtures__/programs.js';
import { ReplayTarget } from './__fixtures__/replay-target.js';
import type { ReplayValue } from './__fixtures__/replay-target.js';
import { withGradientOverrides } from './gradient-overrides.js';
import { traceProgram } from './trace-program.js';
import type { TracedProgram } from './trace-program.js';

type Run = Parameters<typeof program>[1];

let small: SmallState;
let scope: number;
beforeEach(() => {
  small = new SmallState();
  scope = tf.memory().numTensors;
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  expect(tf.memory().numTensors).toBe(scope);
  small.dispose();
});

function trace(run: Run, request: RunRequest = {}, refused: readonly string[] = []): TracedProgram<ReplayValue> {
  const target = new ReplayTarget(new Set(refused));
  return withGradientOverrides(() => traceProgram(target, program('traced', run), small.state, request));
}

const inputsOf = (traced: TracedProgram<ReplayValue>): unknown[] =>
  traced.inputs.map(({ source, value: { shape, dtype } }) => ({ ...source, shape, dtype }));

const weights = [
  { kind: 'state', name: 'parameters/w', shape: [2], dtype: 'float32' },
  { kind: 'state', name: 'averages/w', shape: [2], dtype: 'float32' },
];

describe('what a program is given', () => {
  it('are inputs: variables of the state, tensors of a batch in their order, numbers', () => {
    const batch = {
      x: tf.zeros([3, 2]),
      nested: [{ ids: tf.zeros([4], 'int32') }, 'text', null],
      y: tf.zeros([], 'bool'),
    };
    const traced = trace(() => ({}), { batch, numbers: { lr: 0.1 } });
    expect(inputsOf(traced)).toEqual([
      ...weights,
      { kind: 'batch', index: 0, shape: [3, 2], dtype: 'float32' },
      { kind: 'batch', index: 1, shape: [4], dtype: 'int32' },
      { kind: 'batch', index: 2, shape: [], dtype: 'bool' },
      { kind: 'number', name: 'lr', shape: [], dtype: 'float32' },
    ]);
  });

  it('has the static fields of the batch and its nesting', () => {
    const batch = { deep: { list: [1, { name: 'a', x: tf.zeros([2]) }], flag: true, none: null } };
    let seen: unknown;
    trace(
      ({ batch: given }) => {
        seen = given;
        return {};
      },
      { batch },
    );
    expect(seen).toEqual({
      deep: { list: [1, { name: 'a', x: expect.any(tf.Tensor) as tf.Tensor }], flag: true, none: null },
    });
  });

  it('binds averages in the place of parameters', () => {
    const traced = trace((_, state) => ({ seen: small.w, named: state.read('parameters/w')! }), {
      parameters: 'averaged',
    });
    const average = traced.inputs.find(({ source }) => source.kind === 'state' && source.name === 'averages/w')!;
    expect(traced.outputs).toEqual(
      new Map([
        ['seen', average.value],
        ['named', average.value],
      ]),
    );
    expect(inputsOf(traced)).toEqual([weights[1]]);
  });
});

describe('what a program captures', () => {
  it('is a constant if it is a tensor', () => {
    const table = tf.tensor1d([5, 6]);
    const { outputs, inputs } = trace(() => ({ table }));
    expect([...outputs.get('table')!.data!]).toEqual([5, 6]);
    expect(inputs).toHaveLength(2);
  });

  it('is one input if it is a variable, however often it is used', () => {
    const own = tf.variable(tf.tensor1d([1, 2, 3]), false, 'captured');
    const traced = trace(() => ({ twice: tf.add(own, own), own }));
    expect(inputsOf(traced)).toEqual([...weights, { kind: 'variable', variable: own, shape: [3], dtype: 'float32' }]);
    expect(traced.outputs.get('own')).toBe(traced.inputs[2]!.value);
    own.dispose();
  });

  it('is known if it is read, where it is a tensor', () => {
    const table = tf.tensor1d([5, 6]);
    const { outputs } = trace(() => ({ sum: tf.scalar(table.dataSync()[0]! + tf.tensor1d([1]).dataSync()[0]!) }));
    expect([...outputs.get('sum')!.data!]).toEqual([6]);
  });
});

describe('state', () => {
  it('is written at the end, and seen by the program at once', () => {
    const traced = trace((_, state) => {
      state.write('parameters/w', tf.tensor1d([7, 8]));
      const seen = state.read('parameters/w')!;
      state.write('gradients/w', null);
      return { seen, removed: tf.scalar(state.read('gradients/w') === undefined ? 1 : 0) };
    });
    expect([...traced.writes.keys()]).toEqual(['parameters/w', 'gradients/w']);
    expect(traced.writes.get('gradients/w')).toBeNull();
    expect(traced.outputs.get('seen')).toBe(traced.writes.get('parameters/w'));
    expect([...traced.outputs.get('removed')!.data!]).toEqual([1]);
  });

  it('says which temporaries were looked for, and of which shapes and types they were', () => {
    const look = (_: unknown, state: ProgramState): Record<string, tf.Tensor> => ({
      sum: tf.add(state.read('gradients/w') ?? tf.zeros([2]), state.read('gradients/v') ?? tf.ones([2])),
    });
    const traced = trace(look);
    expect(traced.temporaries).toEqual(
      new Map([
        ['gradients/w', { shape: [2], dtype: 'float32' }],
        ['gradients/v', undefined],
      ]),
    );
    expect(inputsOf(traced)).toEqual([
      ...weights,
      { kind: 'state', name: 'gradients/w', shape: [2], dtype: 'float32' },
    ]);
  });

  it('may be assigned for a while', () => {
    const traced = trace(() => {
      const before = tf.clone(small.w);
      small.w.assign(tf.add(small.w, 1));
      const seen = tf.clone(small.w);
      small.w.assign(before);
      return { seen, before };
    });
    expect(traced.outputs.get('before')).toBe(traced.inputs[0]!.value);
    expect(traced.outputs.get('seen')).not.toBe(traced.inputs[0]!.value);
  });
});

it('differentiates, draws from the step, and leaves what it recorded', () => {
  const { recording } = trace(
    (_, state) => {
      const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(dropout(tf.square(small.w), 0.5)), [small.w]);
      state.write('gradients/w', tf.add(grads[small.w.name]!, randomUniform([2])));
      return { loss: value };
    },
    { random: { seed: 1, step: 1, microBatch: 0 } },
  );
  const what = recording.calls.map((call) => call.what);
  expect(what.filter((call) => call.startsWith('random'))).toEqual(['random uniform', 'random uniform']);
  expect(what).toEqual(expect.arrayContaining(['input state/parameters/w', 'kernel Square', 'kernel Sum']));
});

const failures: readonly [what: string, run: Run, message: RegExp, request?: RunRequest][] = [
  [
    'throws',
    () => {
      throw new RangeError('of the user');
    },
    /^of the user$/,
  ],
  [
    'throws in a gradient',
    () => ({
      g: tf.grad(() => {
        throw new RangeError('inside');
      })(tf.scalar(1)),
    }),
    /^inside$/,
  ],
  [
    'throws in a tidy in a gradient',
    () =>
      tf.variableGrads(
        () =>
          tf.tidy(() => {
            throw new RangeError('deep');
          }),
        [small.w],
      ).grads,
    /^deep$/,
  ],
  ['reads', () => ({ w: tf.scalar(small.w.dataSync()[0]!) }), /reads the value of the variable parameters\/w/],
  [
    'reads, and catches',
    () => {
      try {
        small.w.dataSync();
      } catch {
        /* goes on */
      }
      return {};
    },
    /reads the value/,
  ],
  [
    'reads later',
    () => {
      void small.w.data();
      return {};
    },
    /reads the value/,
  ],
  [
    'reads a number',
    ({ numbers }) => ({ x: tf.scalar(numbers['lr']!.dataSync()[0]!) }),
    /reads the value of the number lr/,
    { numbers: { lr: 1 } },
  ],
  [
    'reads a new value',
    (_, state) => {
      state.write('parameters/w', tf.exp(small.w));
      return { x: tf.scalar(state.read('parameters/w')!.dataSync()[0]!) };
    },
    /reads the value of the new parameters\/w/,
  ],
  [
    'calls a kernel that is refused',
    () => ({ y: tf.erf(small.w) }),
    /operation Erf\(float32\[2\]\) cannot be part of a compiled step: it is not replayed\. Compute it before/,
  ],
  [
    'calls a kernel that fails',
    () => ({ y: tf.reshape(small.w, [3]) }),
    /operation Reshape\(float32\[2\]\) .* it failed: /,
  ],
  ['makes text', () => ({ y: tf.tensor1d(['a']) }), /tensor of type string/],
  ['makes complex numbers', () => ({ y: tf.complex(small.w, small.w) }), /complex/],
  [
    'draws on the host',
    () => ({ y: tf.scalar(Math.random()) }),
    /Math\.random\(\) draws on the host/,
    { random: { seed: 1, step: 1, microBatch: 0 } },
  ],
  ['draws without a key', () => ({ y: tf.randomNormal([2]) }), /no key for them \(validation/],
  ['draws on the host without a key', () => ({ y: tf.scalar(Math.random()) }), /no key for them \(validation/],
  ['makes a variable', () => ({ y: tf.variable(tf.zeros([2])) }), /the step makes a variable: /],
  [
    'makes a variable, and throws',
    () => {
      tf.variable(tf.zeros([2]), false, 'made in the step');
      throw new RangeError('of the user');
    },
    /of the user/,
  ],
  [
    'makes variables',
    () => ({ y: tf.variable(tf.zeros([2])), z: tf.variable(tf.zeros([2])) }),
    /the step makes a variable: /,
  ],
  [
    'assigns a parameter',
    () => {
      small.w.assign(tf.zeros([2]));
      return {};
    },
    /assigns the variable "parameters\/w"/,
  ],
  [
    'disposes a parameter',
    () => {
      small.w.dispose();
      return {};
    },
    /disposes the variable "parameters\/w"/,
  ],
  [
    'disposes what it uses',
    () => {
      const y = tf.exp(small.w);
      y.dispose();
      return { y: tf.exp(y) };
    },
    /a tensor that is disposed/,
  ],
  ['is asynchronous', (async () => Promise.reject(new RangeError('later'))) as never, /is asynchronous/],
  [
    'traces another step',
    () => {
      trace(() => ({}));
      return {};
    },
    /a step cannot run another step/,
  ],
  [
    'writes what does not fit',
    (_, state) => {
      state.write('parameters/w', tf.zeros([3]));
      return {};
    },
    /shape \[3\] to "parameters\/w"/,
  ],
];

describe('tfjs, the state and every variable are as they were after a trace', () => {
  it('that went well', () => {
    const before = [tfjsNow(), small.values];
    const request = { numbers: { lr: 1 }, batch: { x: tf.ones([2]) }, random: { seed: 1, step: 1, microBatch: 0 } };
    const withBatch = tfjsNow();
    trace(({ batch }, state) => {
      const { value, grads } = tf.variableGrads(() => tf.sum<tf.Scalar>(tf.tile(small.w, [2])), [small.w]);
      state.write('gradients/w', grads[small.w.name]!);
      state.write('parameters/w', tf.add(batch['x'] as tf.Tensor, randomUniform([2])));
      return { value };
    }, request);
    expect(tfjsNow()).toEqual(withBatch);
    expect(small.values).toEqual(before[1]);
  });

  it.each(failures)('of a program that %s', (_, run, message, request = {}) => {
    const own = tf.variable(tf.tensor1d([9]), false, 'own');
    const [before, values] = [tfjsNow(), small.values];
    expect(() => trace(run, request, ['Erf'])).toThrow(message);
    expect(tfjsNow()).toEqual(before);
    expect(small.values).toEqual(values);
    expect([...own.dataSync()]).toEqual([9]);
    expect([small.w.isDisposed, own.isDisposed]).toEqual([false, false]);
    own.dispose();
  });

  it('whose tensors were kept, also when those are disposed', () => {
    const before = tfjsNow();
    const kept: tf.Tensor[] = [];
    trace(() => {
      kept.push(tf.keep(tf.exp(small.w)));
      kept.push(tf.keep(tf.reshape(kept[0]!, [2, 1])), tf.keep(tf.cast(kept[0]!, 'bool')));
      return {};
    });
    expect(() => kept[0]!.dataSync()).toThrow(/a tensor of an earlier step \(the result of Exp\).*trace-program\.test/);
    expect(tfjsNow()).toEqual(before);
    tf.dispose(kept);
    expect(tfjsNow()).toEqual(before);
  });
});

describe('a tensor of an earlier step is refused', () => {
  const kept = (): tf.Tensor => {
    let tensor: tf.Tensor | undefined;
    trace(() => {
      tensor = tf.keep(tf.exp(small.w));
      return {};
    });
    return tensor!;
  };

  it.each<[where: string, run: (tensor: tf.Tensor) => Run, message: RegExp]>([
    [
      'in an operation',
      (tensor) => () => ({ y: tf.neg(tensor) }),
      /what is used here is a tensor of an earlier step \(the result of Exp\)/,
    ],
    [
      'as an output',
      (tensor) => () => ({ tensor }),
      /the output "tensor" is a tensor of an earlier step \(the result of Exp\)/,
    ],
    [
      'as a value of the state',
      (tensor) => (_, state) => {
        state.write('parameters/w', tensor);
        return {};
      },
      /a tensor of an earlier step/,
    ],
  ])('%s', (_, run, message) => {
    const tensor = kept();
    expect(() => trace(run(tensor))).toThrow(message);
    tensor.dispose();
  });
});

it('an error of ours has a code, the reason and the place', () => {
  expect(() => trace(() => ({ y: tf.scalar(small.w.dataSync()[0]!) }))).toThrow(
    expect.objectContaining({
      name: 'TraceError',
      code: 'X_ENGINE_NOT_COMPILABLE',
      reason: expect.stringMatching(/^the step reads/) as string,
      where: expect.stringMatching(/trace-program\.test\.ts:\d+:\d+$/) as string,
    }) as EngineError,
  );
});
