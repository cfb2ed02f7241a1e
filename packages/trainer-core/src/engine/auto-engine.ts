import { z } from 'zod';

import { KNOWN_PACKAGES } from '../config/known-packages.js';
import { Engine } from '../contracts/engine.js';
import type {
  EngineDescription,
  EngineProbe,
  MemoryReport,
  Program,
  RunRequest,
  RunResult,
} from '../contracts/engine.js';
import { EngineError } from '../errors.js';
import { log } from '../log.js';
import { component, ComponentSpec } from '../plugins/component.js';
import type { Part } from '../plugins/component.js';
import type { RunContainer } from '../plugins/container.js';
import type { StateDict } from '../state/state-dict.js';
import type { NamedState } from '../state/named-state.js';
import { hostMemory } from './host-memory.js';

/** The engines that are tried where no order is given, the fastest first. A plugin that is not listed has none of them. */
export const DEFAULT_ORDER: readonly string[] = ['tensorflow-gpu', 'tensorflow', 'onnx', 'eager'];

export const AutoEngineOptions = z.strictObject({
  order: z
    .array(component(Engine))
    .nonempty()
    .optional()
    .describe(
      `The engines to try, by name or with options. Default: ${DEFAULT_ORDER.join(', ')}, those of them that listed ` +
        'plugins provide',
    ),
});

/** An engine that may be taken, built when it is looked at. */
export interface EngineCandidate {
  readonly name: string;
  readonly make: () => Engine;
}

interface Looked {
  readonly name: string;
  readonly engine: Engine;
  readonly probe: EngineProbe;
}

/**
 * Takes the first engine of an order that is usable here, and is that engine from then on. The log says which one it is and
 * why; what was passed over and can be had is warned about, with what to type.
 */
@Engine.register('auto', AutoEngineOptions, (options, run) => {
  const parts = options.order ?? inDefaultOrder(run);
  return new AutoEngine(
    parts.map((part) => ({ name: nameOf(part), make: () => run.build<Engine>(part) })),
    options.order === undefined ? unlistedPackages(run) : [],
  );
})
export class AutoEngine extends Engine {
  private chosen: Engine | undefined;
  private readonly built = new Map<EngineCandidate, Engine>();

  /**
   * @param candidates in the order of trying; the engines are freed with this one.
   * @param unlisted packages that would provide faster ones: the log names them where the last candidate is taken.
   */
  constructor(
    private readonly candidates: readonly EngineCandidate[],
    private readonly unlisted: readonly string[] = [],
  ) {
    super();
  }

  /** That of the engine it has taken, or `auto`. */
  override get name(): string {
    return this.chosen?.name ?? 'auto';
  }

  override async probe(): Promise<EngineProbe> {
    const { taken, passedOver } = await this.look();
    if (taken !== undefined) return { usable: true, reason: `takes ${taken.name}: ${taken.probe.reason}` };
    return { usable: false, reason: passedOver.map(inWords).join('; ') };
  }

  /** @throws EngineError (`X_ENGINE_UNAVAILABLE`) with what each probe found, if none is usable. */
  override async prepare(): Promise<void> {
    this.chosen ??= await this.choose();
    await this.chosen.prepare();
  }

  override async run(program: Program, state: NamedState, request?: RunRequest): Promise<RunResult> {
    if (this.chosen === undefined) await this.prepare();
    return this.chosen!.run(program, state, request);
  }

  override memory(): MemoryReport {
    return this.chosen?.memory() ?? hostMemory();
  }

  /** Until one is taken: whether it may be one that can. */
  override supportsDevice(device: number): boolean {
    if (this.chosen !== undefined) return this.chosen.supportsDevice(device);
    return this.candidates.some((candidate) => this.engineOf(candidate).supportsDevice(device));
  }

  override vectorOf(state: NamedState, names: readonly string[]): Float32Array | null {
    return this.chosen?.vectorOf(state, names) ?? null;
  }

  override describe(): EngineDescription {
    return this.chosen?.describe() ?? super.describe();
  }

  override stateDict(): StateDict {
    return this.chosen?.stateDict() ?? {};
  }

  override loadStateDict(state: StateDict): void {
    this.chosen?.loadStateDict(state);
  }

  override async dispose(): Promise<void> {
    for (const engine of this.built.values()) await engine.dispose();
  }

  private async choose(): Promise<Engine> {
    const { taken, passedOver } = await this.look();
    if (taken === undefined) {
      const found = passedOver.map((each) => `  ${inWords(each)}`).join('\n');
      throw new EngineError('X_ENGINE_UNAVAILABLE', `no engine can run here:\n${found}`);
    }
    for (const each of passedOver) {
      const message = `the engine ${inWords(each)}`;
      if (each.probe.advice === undefined) log.info(message);
      else log.warn(message);
    }
    const isFallback = passedOver.length === this.candidates.length - 1;
    const advice = isFallback
      ? this.unlisted.map((name) => `; a faster one is in ${name}: npm install ${name} and add it to "plugins"`)
      : [];
    log.info(`engine: ${taken.name} (${taken.probe.reason})${advice.join('')}`);
    return taken.engine;
  }

  private async look(): Promise<{ readonly taken: Looked | undefined; readonly passedOver: readonly Looked[] }> {
    const passedOver: Looked[] = [];
    for (const candidate of this.candidates) {
      const engine = this.engineOf(candidate);
      const looked = { name: candidate.name, engine, probe: await engine.probe() };
      if (looked.probe.usable) return { taken: looked, passedOver };
      passedOver.push(looked);
    }
    return { taken: undefined, passedOver };
  }

  private engineOf(candidate: EngineCandidate): Engine {
    const engine = this.built.get(candidate) ?? candidate.make();
    this.built.set(candidate, engine);
    return engine;
  }
}

function inWords({ name, probe: { reason, advice } }: Looked): string {
  return `${name} is not usable: ${reason}${advice === undefined ? '' : `; ${advice}`}`;
}

function nameOf(part: Part<Engine>): string {
  if (part instanceof ComponentSpec) return part.registration.name;
  return part instanceof Engine ? part.name : 'the given engine';
}

function inDefaultOrder({ registry }: RunContainer): ComponentSpec<Engine>[] {
  return DEFAULT_ORDER.flatMap((name) => {
    const registration = registry.find(Engine.kind, name);
    return registration === undefined ? [] : [new ComponentSpec<Engine>(registration, registration.schema.parse({}))];
  });
}

function unlistedPackages({ registry }: RunContainer): string[] {
  const listed = new Set(registry.plugins.map(({ name }) => name));
  return (KNOWN_PACKAGES[Engine.kind] ?? []).filter((name) => !listed.has(name));
}
