import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { Engine } from '../contracts/engine.js';
import type {
  EngineDescription,
  EngineProbe,
  MemoryReport,
  Program,
  RunRequest,
  RunResult,
} from '../contracts/engine.js';
import { withLog } from '../log.js';
import { validate } from '../config/validate.js';
import { component, withRegistry } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { definePlugin } from '../plugins/plugin.js';
import type { Plugin } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { NamedState } from '../state/named-state.js';
import type { StateDict } from '../state/state-dict.js';
import { AutoEngine } from './auto-engine.js';
import { EagerEngine } from './eager-engine.js';

/** An engine that remembers what is asked of it. */
class Fake extends Engine {
  readonly calls: string[] = [];
  private counts: StateDict = { counts: 1 };

  constructor(
    override readonly name: string,
    private readonly found: EngineProbe = { usable: true, reason: `${name} is here` },
    private readonly device = -1,
  ) {
    super();
  }

  override async probe(): Promise<EngineProbe> {
    this.calls.push('probe');
    return this.found;
  }

  override async prepare(): Promise<void> {
    this.calls.push('prepare');
  }

  override async run(program: Program, _: NamedState, request: RunRequest = {}): Promise<RunResult> {
    this.calls.push(`run ${program.name} ${request.commitIf}`);
    return { outputs: {}, committed: true, written: new Set() };
  }

  override memory(): MemoryReport {
    return { hostBytes: 1, deviceBytes: { [this.name]: 2 }, tensors: 3 };
  }

  override supportsDevice(device: number): boolean {
    return device <= this.device;
  }

  override describe(): EngineDescription {
    return { name: this.name, version: '1', threads: 2 };
  }

  override stateDict(): StateDict {
    return this.counts;
  }

  override loadStateDict(state: StateDict): void {
    this.counts = state;
  }

  override async dispose(): Promise<void> {
    this.calls.push('dispose');
  }
}

const program: Program = { name: 'step', key: '', guards: [], run: () => ({}) };

function auto(...engines: Engine[]): AutoEngine {
  return new AutoEngine(engines.map((engine) => ({ name: engine.name, make: () => engine })));
}

async function logOf(run: () => Promise<unknown>): Promise<string[]> {
  const messages: string[] = [];
  const log = {
    info: (text: string) => void messages.push(`info: ${text}`),
    warn: (text: string) => void messages.push(`warn: ${text}`),
  };
  await withLog(log, run);
  return messages;
}

const absent = new Fake('fast', { usable: false, reason: 'its library is missing', advice: 'npm install library' });
const elsewhere = new Fake('gpu', { usable: false, reason: 'there is no GPU' });

it('is the first usable engine from then on', async () => {
  const [second, third] = [new Fake('second', undefined, 1), new Fake('third')];
  const engine = auto(absent, second, third);
  await engine.prepare();
  await engine.prepare();
  await engine.run(program, new NamedState(), { commitIf: 'finite' });
  expect(second.calls).toEqual(['probe', 'prepare', 'prepare', 'run step finite']);
  expect(third.calls).toEqual([]);
  expect(engine.name).toBe('second');
  expect(engine.describe()).toEqual({ name: 'second', version: '1', threads: 2 });
  expect(engine.memory()).toEqual({ hostBytes: 1, deviceBytes: { second: 2 }, tensors: 3 });
  expect([engine.supportsDevice(1), engine.supportsDevice(2)]).toEqual([true, false]);
  engine.loadStateDict({ counts: 7 });
  expect([engine.stateDict(), second.stateDict()]).toEqual([{ counts: 7 }, { counts: 7 }]);
});

it('prepares itself for a first run', async () => {
  const only = new Fake('only');
  await auto(only).run(program, new NamedState());
  expect(only.calls).toEqual(['probe', 'prepare', 'run step undefined']);
});

it('says which engine it takes and why; what can be had is warned about, with what to type', async () => {
  expect(await logOf(() => auto(elsewhere, absent, new Fake('slow')).prepare())).toEqual([
    'info: the engine gpu is not usable: there is no GPU',
    'warn: the engine fast is not usable: its library is missing; npm install library',
    'info: engine: slow (slow is here)',
  ]);
});

it('fails with all that was found where no engine is usable, and may be asked again', async () => {
  const engine = auto(elsewhere, absent);
  const failure = {
    code: 'X_ENGINE_UNAVAILABLE',
    message:
      'no engine can run here:\n  gpu is not usable: there is no GPU\n' +
      '  fast is not usable: its library is missing; npm install library',
  };
  await expect(engine.prepare()).rejects.toMatchObject(failure);
  await expect(engine.prepare()).rejects.toMatchObject(failure);
});

it('a probe tells what it would take, or what each one lacks', async () => {
  expect(await auto(absent, new Fake('slow')).probe()).toEqual({ usable: true, reason: 'takes slow: slow is here' });
  expect(await auto(absent).probe()).toEqual({
    usable: false,
    reason: 'fast is not usable: its library is missing; npm install library',
  });
});

it('before it has taken one, it may be any of them', () => {
  const engine = auto(new Fake('a'), new Fake('b', undefined, 0));
  expect([engine.supportsDevice(0), engine.supportsDevice(1)]).toEqual([true, false]);
  expect(engine.describe()).toMatchObject({ name: 'auto' });
  expect(engine.stateDict()).toEqual({});
  expect(engine.memory().tensors).toBe(tf.memory().numTensors);
});

it('frees the engines that it has looked at, and no other', async () => {
  const [first, second, third] = [new Fake('first', elsewhere['found']), new Fake('second'), new Fake('third')];
  const engine = auto(first, second, third);
  await engine.dispose();
  await engine.prepare();
  await engine.dispose();
  expect([first.calls.at(-1), second.calls.at(-1), third.calls]).toEqual(['dispose', 'dispose', []]);
});

describe('from a config', () => {
  @Engine.register('onnx')
  class Onnx extends Fake {
    constructor() {
      super('onnx');
    }
  }
  @Engine.register('odd')
  class Odd extends Fake {
    constructor() {
      super('odd');
    }
  }
  const core = definePlugin({ name: 'core', provides: [AutoEngine, EagerEngine] });
  const onnx = definePlugin({ name: '@x/engine-onnx', provides: [Onnx, Odd] });

  function build(config: unknown, ...plugins: Plugin[]): { readonly engine: Engine; readonly run: RunContainer } {
    const registry = new Registry([core, ...plugins]);
    const result = withRegistry(registry, () => validate(component(Engine), config));
    if (!result.ok) throw new Error(result.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join());
    const run = new RunContainer(registry);
    return { engine: run.build<Engine>(result.value), run };
  }

  async function takenOf(config: unknown, ...plugins: Plugin[]): Promise<{ name: string; messages: string[] }> {
    const { engine } = build(config, ...plugins);
    const messages = await logOf(() => engine.prepare());
    return { name: engine.name, messages };
  }

  it('is what is meant without a type, and takes the fastest engine of the listed plugins', async () => {
    expect(build({}).engine).toBeInstanceOf(AutoEngine);
    expect((await takenOf('auto', onnx)).messages).toEqual(['info: engine: onnx (onnx is here)']);
  });

  it('falls back to the eager engine, and names the package of a faster one', async () => {
    const { name, messages } = await takenOf('auto');
    expect(name).toBe('eager');
    expect(messages).toEqual([
      expect.stringMatching(/^info: engine: eager \(tfjs .*a faster one is in @x\/engine-onnx: npm install/) as string,
    ]);
  });

  it('takes an order of names and options', async () => {
    expect((await takenOf({ type: 'auto', order: ['odd', { type: 'onnx' }] }, onnx)).name).toBe('odd');
    expect((await takenOf({ order: ['eager', 'onnx'] }, onnx)).messages).toHaveLength(1);
  });

  it.each([
    [{ order: ['onxn', 'eager'] }, 'order.0.type: no listed plugin provides the engine "onxn"; did you mean "onnx"?'],
    [{ order: [{ type: 'onnx', threads: 2 }] }, 'order.0.threads: unknown key "threads"'],
    [{ order: [] }, 'order: too small: expected array to have >=1 items'],
  ])('refuses %p', (config, message) => {
    expect(() => build(config, onnx)).toThrow(message);
  });

  it('is freed with the run', async () => {
    const { engine, run } = build('auto', onnx);
    await engine.prepare();
    const taken = (engine as unknown as { chosen: Fake }).chosen;
    run.dispose();
    expect(taken.calls.filter((call) => call === 'dispose').length).toBeGreaterThan(0);
  });
});
