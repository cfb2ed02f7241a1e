import { createHash } from 'node:crypto';

import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { messageOf } from '../config/show.js';
import { Engine } from '../contracts/engine.js';
import type { MemoryReport, Program, RunRequest, RunResult } from '../contracts/engine.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { DataError, EngineError } from '../errors.js';
import { log } from '../log.js';
import { withoutEffect } from '../programs/sequence.js';
import type { NamedState } from '../state/named-state.js';
import { readState } from '../state/state-dict.js';
import type { StateDict } from '../state/state-dict.js';
import type { CompiledProgram } from './compiled-program.js';
import { withGradientOverrides } from './gradient-overrides.js';
import { ProgramCache, using, variantFor } from './program-cache.js';
import type { CacheEntry, Variant } from './program-cache.js';
import { programKey } from './program-key.js';
import { difference } from './recording.js';
import { symbolicBackend } from './symbolic-backend.js';
import type { SymbolicValue, TraceTarget } from './target.js';
import { checkTfjsInternals } from './tfjs-internals.js';
import { TraceError } from './trace-error.js';
import { traceProgram } from './trace-program.js';
import type { TracedProgram } from './trace-program.js';
import { runValidated } from './validation.js';

/** Fields that every compiled engine's options have. */
export const compiledEngineFields = {
  onFailure: z
    .enum(['eager', 'error'])
    .default('eager')
    .describe('What a step does that cannot be compiled, or fails: run op by op, with one warning, or end the run'),
  traceTwice: z
    .boolean()
    .default(true)
    .describe('Whether a step is traced twice and compared, to find what changes outside of its inputs'),
  validate: z
    .int()
    .nonnegative()
    .default(0)
    .describe('How many runs of each compiled program are also computed op by op, and compared'),
  compileAfter: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      'How often a shape of batches runs op by op before it is compiled; counted and saved, never a matter of time',
    ),
  maxPrograms: z.int().positive().default(64).describe('How many compiled programs are kept, those used last'),
} as const;

export type CompiledEngineOptions = z.output<z.ZodObject<typeof compiledEngineFields>>;

/**
 * What engines have in common that compile programs: tracing and its guards, one compiled program for each set of shapes,
 * comparison with the eager engine, and going on op by op with what cannot be compiled. An engine of this kind provides a
 * target to trace into, and makes a {@link CompiledProgram} of the result.
 */
export abstract class CompiledEngine<V extends SymbolicValue, T extends TraceTarget<V>> extends Engine {
  /** For what is not compiled. */
  protected readonly eager: EagerEngine = new EagerEngine();
  private readonly caches = new Map<NamedState, ProgramCache>();
  private readonly told = new Set<string>();
  private savedRuns: Readonly<Record<string, number>> = {};
  private readonly runs = new Map<string, number>();
  /** The compiled programs that have failed: they run op by op for good, also in a run that goes on. */
  private readonly failed = new Set<string>();

  constructor(protected readonly compiling: CompiledEngineOptions) {
    super();
  }

  /** An empty graph to trace a program into. */
  protected abstract newTarget(): T;

  /** @throws EngineError if what was traced cannot be compiled. */
  protected abstract compile(target: T, traced: TracedProgram<V>): CompiledProgram | Promise<CompiledProgram>;

  /** @throws EngineError if tfjs has no backend, or is of a version that cannot be traced. */
  override async prepare(): Promise<void> {
    await this.eager.prepare();
    checkTfjsInternals();
  }

  override async run(program: Program, state: NamedState, request: RunRequest = {}): Promise<RunResult> {
    if (symbolicBackend.active !== undefined) {
      // ends the trace; its promise would have nobody to wait for it
      symbolicBackend.refusal('the step runs another step: run() belongs between steps');
      return new Promise(() => undefined);
    }
    const key = programKey(program, request);
    const entry = this.cacheOf(state).entry(program.name, key, (text) => this.runsOf(text));
    entry.runs += 1;
    if (this.compiling.compileAfter > 0) this.runs.set(digest(key), entry.runs);
    return using(entry, () => this.runWith(entry, program, state, request));
  }

  private async runWith(
    entry: CacheEntry,
    program: Program,
    state: NamedState,
    request: RunRequest,
  ): Promise<RunResult> {
    const compiled =
      entry.runs > this.compiling.compileAfter && (await this.compiledFor(entry, program, state, request));
    if (!compiled) return this.eager.run(program, state, request);
    try {
      if (entry.validated >= this.compiling.validate) return await compiled.run(state, request);
      entry.validated += 1;
      return await runValidated({ eager: this.eager, compiled, program, state, request });
    } catch (error) {
      return this.afterFailure(error, { entry, compiled, program, state, request });
    }
  }

  override memory(): MemoryReport {
    return this.eager.memory();
  }

  /** What decides which shapes are compiled: how often each has run, where that matters, and which have failed. */
  override stateDict(): StateDict {
    const counts = { ...this.savedRuns, ...Object.fromEntries(this.runs) };
    return {
      ...(this.compiling.compileAfter > 0 ? { runs: counts } : {}),
      ...(this.failed.size > 0 ? { failed: [...this.failed] } : {}),
    };
  }

  override loadStateDict(state: StateDict): void {
    if ('runs' in state) this.savedRuns = readState(state, 'runs', 'object') as Readonly<Record<string, number>>;
    this.failed.clear();
    if ('failed' in state) for (const id of readState(state, 'failed', 'array').map(String)) this.failed.add(id);
  }

  override dispose(): void {
    for (const cache of this.caches.values()) cache.dispose();
    this.caches.clear();
  }

  /** Also of a shape that the cache has dropped: a run that goes on in a new process must not find another number. */
  private runsOf(key: string): number {
    return this.runs.get(digest(key)) ?? this.savedRuns[digest(key)] ?? 0;
  }

  private cacheOf(state: NamedState): ProgramCache {
    const known = this.caches.get(state);
    if (known !== undefined) return known;
    const cache = new ProgramCache(this.compiling.maxPrograms);
    this.caches.set(state, cache);
    return cache;
  }

  private async compiledFor(
    entry: CacheEntry,
    program: Program,
    state: NamedState,
    request: RunRequest,
  ): Promise<CompiledProgram | undefined> {
    const known = variantFor(entry, state);
    if (known !== undefined) return known.compiled;
    try {
      const { target, traced } = this.traced(program, state, request);
      const hasFailed = this.failed.size > 0 && this.failed.has(variantId(entry, traced.temporaries));
      const compiled = hasFailed ? undefined : await this.compile(target, traced);
      entry.variants.push({ temporaries: traced.temporaries, compiled });
      return compiled;
    } catch (error) {
      if (!(error instanceof EngineError) || this.compiling.onFailure === 'error') throw error;
      const cause = error instanceof TraceError && error.where !== '' ? error.where : error.message;
      this.tellOnce(cause, `steps run op by op, which is slow: ${error.message}`);
      entry.variants.push({ temporaries: new Map(), compiled: undefined });
      return undefined;
    }
  }

  private traced(
    program: Program,
    state: NamedState,
    request: RunRequest,
  ): { readonly target: T; readonly traced: TracedProgram<V> } {
    const trace = (locate = false): { readonly target: T; readonly traced: TracedProgram<V> } => {
      const target = this.newTarget();
      const run = (): TracedProgram<V> => traceProgram<V>(target, program, state, request, { locate });
      return { target, traced: withGradientOverrides(run) };
    };
    const first = trace();
    if (!this.compiling.traceTwice) return first;
    const changed = difference(first.traced.recording, trace().traced.recording);
    if (changed === undefined) return first;
    const where = trace(true).traced.recording.calls[changed.index]?.where;
    throw new TraceError(
      `the step is not the same every time: ${changed.text}; something in it counts, draws or makes data in JavaScript, and ` +
        'would stay as it is now. Put it into the batch, or into a variable listed by namedBuffers()',
      where,
    );
  }

  /** The state is as before the run: op by op, what is wrong with the data is said better, or all may go well. */
  private async afterFailure(
    error: unknown,
    {
      entry,
      compiled,
      program,
      state,
      request,
    }: {
      readonly entry: CacheEntry;
      readonly compiled: CompiledProgram;
      readonly program: Program;
      readonly state: NamedState;
      readonly request: RunRequest;
    },
  ): Promise<RunResult> {
    const mismatch = error instanceof EngineError && error.code === 'X_ENGINE_MISMATCH';
    if (mismatch || error instanceof DataError) throw error;
    if (this.compiling.onFailure === 'error') {
      const { outputs } = await this.eager.run(withoutEffect(program), state, { ...request, commitIf: 'not-nan' });
      tf.dispose(outputs);
      throw new EngineError(
        'X_ENGINE_RUN_FAILED',
        `"${program.name}" fails as a compiled program, and not op by op: ${messageOf(error)}. Please report it; until then ` +
          'use onFailure: "eager", or the engine "eager"',
        { cause: error },
      );
    }
    const result = await this.eager.run(program, state, request);
    const at = entry.variants.findIndex((variant) => variant.compiled === compiled);
    // another run under way may have failed as well
    if (at < 0) return result;
    this.failed.add(variantId(entry, entry.variants[at]!.temporaries));
    entry.variants[at] = { temporaries: entry.variants[at]!.temporaries, compiled: undefined };
    compiled.dispose();
    const message = `"${program.name}" failed as a compiled program and runs op by op from now on: ${messageOf(error)}`;
    this.tellOnce(message, message);
    return result;
  }

  private tellOnce(cause: string, message: string): void {
    if (this.told.has(cause)) return;
    this.told.add(cause);
    log.warn(message);
  }
}

/** Names one compiled program from one process to the next. */
function variantId({ key }: CacheEntry, temporaries: Variant['temporaries']): string {
  const shapes = [...temporaries].map(([name, value]) => `${name} ${value?.dtype} ${value?.shape}`);
  return digest([key, ...shapes.sort()].join('\n'));
}

/** Short enough for a checkpoint. */
function digest(key: string): string {
  return createHash('sha1').update(key).digest('base64url').slice(0, 16);
}
