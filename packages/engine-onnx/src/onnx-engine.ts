import { cpus } from 'node:os';

import { Engine, EngineError, parseOptions } from '@x/trainer-core';
import type { EngineDescription, EngineProbe, MemoryReport, NamedState } from '@x/trainer-core';
import { CompiledEngine, compiledEngineFields } from '@x/trainer-core/compiled';
import type { TracedProgram } from '@x/trainer-core/compiled';
import { z } from 'zod';

import { compileProgram } from './compile-program.js';
import { simplifications } from './graph/simplifications.js';
import type { GraphOptions } from './graph/simplifications.js';
import type { Value } from './graph/value.js';
import { loweringChoices, loweringsWith } from './lowering/index.js';
import type { Lowerings } from './lowering/lowering.js';
import { OnnxTarget } from './onnx-target.js';
import { passes } from './passes/passes.js';
import { BlockPool } from './run/block-pool.js';
import { vectorOver } from './run/gradient-vectors.js';
import type { OnnxProgram } from './run/onnx-program.js';
import { loadOnnxRuntime } from './run/onnxruntime.js';
import { probeOnnxRuntime } from './run/probe.js';
import { ResidentBackend } from './run/resident-backend.js';
import { residentIn } from './run/state-residents.js';
import { SessionOptions, sessionSettings } from './run/session-options.js';
import { StateMemory } from './update/memory.js';

/** All that makes a compiled program faster and not righter. */
export const OPTIMISATIONS: readonly string[] = [
  ...simplifications,
  ...loweringChoices,
  ...passes.map(({ name }) => name),
  'fusedUpdate',
];

export const OnnxEngineOptions = z.strictObject({
  ...compiledEngineFields,
  ...SessionOptions.shape,
  off: z
    .array(z.enum(OPTIMISATIONS as [string, ...string[]]))
    .default([])
    .describe('Optimisations that are switched off, by name, to find the one that is to blame for something'),
});

export type OnnxEngineOptions = z.input<typeof OnnxEngineOptions>;

/**
 * Compiles training steps onto ONNX Runtime: forward, backward, clipping, optimizer and average of a step are one call of
 * its library and one pass of generated WebAssembly over the state. On the CPU, from what npm brings.
 */
@Engine.register('onnx', OnnxEngineOptions)
export class OnnxEngine extends CompiledEngine<Value, OnnxTarget> {
  override readonly name: string = 'onnx';
  private readonly options: z.output<typeof OnnxEngineOptions>;
  private readonly graph: GraphOptions;
  private readonly lowerings: Lowerings;
  private backend: ResidentBackend | undefined;

  /** @throws ConfigError for options out of range, such as more threads than there are cores. */
  constructor(options: OnnxEngineOptions = {}) {
    const parsed = parseOptions(OnnxEngineOptions, options, 'the engine "onnx"');
    super(parsed);
    this.options = parsed;
    const chosen = <Name extends string>(names: readonly Name[]): Record<Name, boolean> =>
      Object.fromEntries(names.map((name) => [name, !parsed.off.includes(name)])) as Record<Name, boolean>;
    this.graph = chosen(simplifications);
    const choices = chosen(loweringChoices);
    // where one thread transposes, nothing is shared
    const fewChannelsOutermost = choices.fewChannelsOutermost && this.threads > 1;
    this.lowerings = loweringsWith({ ...choices, fewChannelsOutermost });
  }

  override async probe(): Promise<EngineProbe> {
    const tfjs = await this.eager.probe();
    return tfjs.usable ? probeOnnxRuntime() : tfjs;
  }

  /** @throws EngineError if ONNX Runtime or tfjs is missing or of another version. */
  override async prepare(): Promise<void> {
    await super.prepare();
    this.backend ??= new ResidentBackend(new BlockPool(new StateMemory(), loadOnnxRuntime()));
  }

  override describe(): EngineDescription {
    const { off, graphOptimizationLevel, compileAfter } = this.options;
    return {
      name: this.name,
      version: this.runningOn.pool.runtime.version,
      threads: this.threads,
      // the library has kernels of its own for each kind of processor
      processor: cpus()[0]?.model ?? process.arch,
      ...(off.length > 0 ? { off: [...off] } : {}),
      ...(graphOptimizationLevel === undefined ? {} : { graphOptimizationLevel }),
      ...(compileAfter > 0 ? { compileAfter } : {}),
    };
  }

  private get threads(): number {
    return sessionSettings(this.options, 0).intraOpNumThreads!;
  }

  override memory(): MemoryReport {
    const bytes = this.backend?.pool.memory.totalBytes ?? 0;
    return { ...super.memory(), deviceBytes: { 'onnx state': bytes } };
  }

  override vectorOf(state: NamedState, names: readonly string[]): Float32Array | null {
    if (this.backend === undefined || names.some((name) => state.get(name) === undefined)) return null;
    const { backend } = this;
    return vectorOver(
      backend.pool,
      names.map((name) => residentIn(state, name, backend).block),
    );
  }

  override dispose(): void {
    super.dispose();
    this.backend?.dispose();
  }

  protected override newTarget(): OnnxTarget {
    return new OnnxTarget(this.lowerings, this.graph);
  }

  protected override compile(target: OnnxTarget, traced: TracedProgram<Value>): OnnxProgram {
    const { off } = this.options;
    return compileProgram(target, traced, { backend: this.runningOn, session: this.options, off });
  }

  private get runningOn(): ResidentBackend {
    if (this.backend !== undefined) return this.backend;
    throw new EngineError('X_ENGINE_UNAVAILABLE', 'the engine "onnx" is used before prepare()');
  }
}
