import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type {
  EngineDescription,
  EngineProbe,
  MemoryReport,
  NamedState,
  Program,
  RunRequest,
  RunResult,
  StateDict,
} from '@x/trainer-core';
import { AutoEngine, EagerEngine } from '@x/trainer-core';

import { contractReport, engineContract } from './index.js';

engineContract({ describe, it }, { name: 'EagerEngine', make: () => new EagerEngine() });
engineContract(
  { describe, it },
  { name: 'AutoEngine', make: () => new AutoEngine([{ name: 'eager', make: () => new EagerEngine() }]) },
);

/** An eager engine to which other requests are passed on. */
function passing(change: (request: RunRequest) => RunRequest): typeof EagerEngine {
  return class extends EagerEngine {
    override run(program: Program, state: NamedState, request: RunRequest = {}): Promise<RunResult> {
      return super.run(program, state, change(request));
    }
  };
}

/** An eager engine that runs something else instead of a program. */
function running(change: (program: Program, state: NamedState) => Program): typeof EagerEngine {
  return class extends EagerEngine {
    override run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult> {
      return super.run(change(program, state), state, request);
    }
  };
}

const Reckless = passing((request) => ({ ...request, commitIf: 'always' }));
const Strict = passing(({ commitIf = 'always', ...request }) => ({
  ...request,
  commitIf: commitIf === 'not-nan' ? 'finite' : commitIf,
}));
const RawOnly = passing((request) => ({ ...request, parameters: 'raw' }));
const OneKey = passing((request) => ({ ...request, random: { seed: 1, step: 1, microBatch: 1 } }));
const Keyless = passing(({ random: _, ...request }) => request);
const OneGuard = running((program) => ({ ...program, guards: program.guards.slice(0, 1) }));
const Careless = running((program, state) => ({
  ...program,
  run: (inputs) =>
    program.run(inputs, {
      read: (name) => state.get(name),
      write: (name, value) => (value === null ? state.remove(name) : state.set(name, value)),
    }),
}));

const constants = new Map<string, Readonly<Record<string, number>>>();
class Baking extends EagerEngine {
  override run(program: Program, state: NamedState, request: RunRequest = {}): Promise<RunResult> {
    const key = `${program.name}:${program.key}`;
    const numbers = constants.get(key) ?? request.numbers ?? {};
    constants.set(key, numbers);
    return super.run(program, state, { ...request, numbers });
  }
}

class Leaky extends EagerEngine {
  override run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult> {
    tf.keep(tf.scalar(1));
    return super.run(program, state, request);
  }
}

class Lending extends EagerEngine {
  override async run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult> {
    const result = await super.run(program, state, request);
    const old = state.get('gradients/old');
    if (old === undefined || result.outputs['old'] === undefined) return result;
    result.outputs['old'].dispose();
    return { ...result, outputs: { ...result.outputs, old } };
  }
}

class Throwing extends EagerEngine {
  override async probe(): Promise<EngineProbe> {
    throw new RangeError('not here');
  }

  override async prepare(): Promise<void> {}
}

class Blind extends EagerEngine {
  override memory(): MemoryReport {
    return { ...super.memory(), tensors: 0 };
  }
}

class Disposing extends EagerEngine {
  override async run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult> {
    const result = await super.run(program, state, request);
    tf.dispose(request?.batch as tf.TensorContainer);
    return result;
  }
}

class Wavering extends EagerEngine {
  private runs = 0;

  override run(...request: Parameters<EagerEngine['run']>): Promise<RunResult> {
    this.runs += 1;
    return super.run(...request);
  }

  override describe(): EngineDescription {
    return { ...super.describe(), runs: this.runs };
  }
}

class Dated extends EagerEngine {
  override describe(): EngineDescription {
    return { ...super.describe(), made: Math.random() };
  }
}

class Forgetful extends EagerEngine {
  private runs = 0;

  override run(...request: Parameters<EagerEngine['run']>): Promise<RunResult> {
    this.runs += 1;
    return super.run(...request);
  }

  override stateDict(): StateDict {
    return { runs: this.runs };
  }
}

class Once extends EagerEngine {
  private disposed = false;

  override dispose(): void {
    if (this.disposed) throw new RangeError('freed twice');
    this.disposed = true;
  }
}

it.each([
  ['commits what it should not', Reckless, 'leaves the state as it was with the guard NaN under "finite"'],
  ['commits too little', Strict, 'commits with the guard -Infinity under "not-nan"'],
  ['asks one guard', OneGuard, 'asks every guard'],
  ['writes at once', Careless, 'leaves the state as it was when a program throws in the middle'],
  ['writes at once', Careless, 'leaves the state as it was when a program writes what a variable cannot hold'],
  ['writes at once', Careless, 'shows a program its own writes, and nobody else'],
  ['has no averages', RawOnly, 'binds averages in place of parameters for one run, and puts the raw ones back'],
  ['ignores the key', OneKey, 'has the same bits for the same random key, and others for another'],
  ['draws its own numbers', Keyless, 'draws the numbers that every engine draws'],
  ['bakes numbers in', Baking, 'takes numbers as inputs: one program, other numbers, other results'],
  ['leaks', Leaky, 'keeps nothing of a run, a skipped run or a failed one'],
  [
    'lends its state',
    Lending,
    'gives outputs that are the caller’s: they stay when the state changes, and the state stays without them',
  ],
  ['throws when probed', Throwing, 'can be asked whether it is usable, and what it found'],
  ['counts no tensors', Blind, 'runs on the CPU, and reports memory and live tensors'],
  ['describes what it did', Wavering, 'is described after a run as before it'],
  ['describes more than what it is', Dated, 'describes itself in plain data, the same way each time'],
  ['forgets what its choices follow', Forgetful, 'hands the state that its choices follow to a new engine'],
  ['is freed once', Once, 'can be freed again, and without having been prepared'],
  ['disposes the batch', Disposing, 'leaves the batch to the caller'],
])('finds an engine that %s', async (_, Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    engineContract(runner, { name: 'broken', make: () => new Broken() }),
  );
  expect(Object.keys(failed)).toContain(expected);
});

it('finds an engine whose composed programs differ from separate ones', async () => {
  const Rounding = running((program) => ({
    ...program,
    run: (inputs, state) => {
      const outputs = program.run(inputs, state);
      return program.name === 'composed' ? { ...outputs, loss: tf.add(outputs['loss']!, 1e-6) } : outputs;
    },
  }));
  const { failed } = await contractReport((runner) =>
    engineContract(runner, { name: 'broken', make: () => new Rounding() }),
  );
  expect(Object.keys(failed)).toEqual(['runs programs one after another as it runs them in one, bit for bit']);
});
