import type * as tf from '@tensorflow/tfjs-core';
import { tensorsIn } from '@x/trainer-core';
import type { NamedState, Outputs, RunRequest, RunResult } from '@x/trainer-core';
import type { CompiledProgram, InputSource } from '@x/trainer-core/compiled';

import { sameShape } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import type { SiteKeys } from '../lowering/site-keys.js';
import type { UpdatePlan } from '../update/find-updates.js';
import { FusedUpdate } from '../update/fused-update.js';
import type { Operand } from '../update/program-builder.js';
import type { Block } from './block.js';
import { isGradient } from './gradient-vectors.js';
import type { VectorPart } from './gradient-vectors.js';
import type { NativeSession, RuntimeTensor } from './onnxruntime.js';
import { elementsOf } from './resident-backend.js';
import type { ResidentBackend } from './resident-backend.js';
import { makeResident, RememberedResidents } from './state-residents.js';

/** A value that the session is fed, and where it comes from. */
export interface FeedPlan {
  readonly name: string;
  readonly source: InputSource;
  readonly value: Value;
}

/** A result of the session that is written into a new block in every run. */
interface FreshResult {
  readonly result: string;
  readonly value: Value;
  /** The part of the state whose new value it is; null for an output. */
  readonly name: string | null;
}

/** What a program is made of, once it is compiled. */
export interface OnnxProgramParts {
  readonly backend: ResidentBackend;
  /** Undefined if kernels do everything. */
  readonly session: NativeSession | undefined;
  /** What the session is fed. */
  readonly feeds: readonly FeedPlan[];
  /** What the host hands to kernels. */
  readonly kernelFeeds: readonly FeedPlan[];
  readonly random: SiteKeys;
  /** Results of the session that leave, by name. */
  readonly outputs: ReadonlyMap<string, Value>;
  readonly guards: readonly string[];
  /** Parts of the state whose new values the session computes; null removes one. */
  readonly writes: ReadonlyMap<string, Value | null>;
  /** The names of all state that the program wrote, also of what stays as it is. */
  readonly written: ReadonlySet<string>;
  readonly update: UpdatePlan;
  /** Results of the session that kernels read, by their names. */
  readonly operands: ReadonlyMap<string, Value>;
}

/**
 * A program as one call of ONNX Runtime and, after it, one of each kernel of its update. New values are written beside the
 * old ones, and kernels run last: a run that is not committed exchanges nothing and runs none.
 */
export class OnnxProgram implements CompiledProgram {
  private readonly feeds: Record<string, RuntimeTensor> = {};
  private readonly fetches: Record<string, RuntimeTensor> = {};
  private readonly residents: RememberedResidents;
  private readonly numbers = new Map<string, Block>();
  private readonly operands = new Map<Value, Block>();
  private readonly fresh: readonly FreshResult[];
  /** The state that has to stand in the engine's memory before a run: what the session reads, and what it replaces. */
  private readonly needed: readonly string[];
  /** The gradients among what it writes. */
  private readonly gradients: readonly VectorPart[];
  private update: FusedUpdate | undefined;
  /** Where what may move stood when kernels were last told. */
  private bound: readonly number[] = [];

  constructor(private readonly parts: OnnxProgramParts) {
    const { feeds, kernelFeeds, operands, outputs, writes } = parts;
    const { pool } = parts.backend;
    this.residents = new RememberedResidents(parts.backend);
    for (const value of operands.values()) this.operands.set(value, pool.take(value.dtype, value.size));
    for (const { source } of [...feeds, ...kernelFeeds]) {
      if (source.kind !== 'number' || this.numbers.has(source.name)) continue;
      this.numbers.set(source.name, pool.take('float32', 1));
    }
    this.fresh = [
      ...[...outputs].map(([name, value]) => ({ result: outputName(name), value, name: null })),
      ...[...writes].flatMap(([name, value]) => (value === null ? [] : [{ result: writeName(name), value, name }])),
    ];
    const read = feeds.flatMap(({ source }) => (source.kind === 'state' ? [source.name] : []));
    const replaced = [...writes].flatMap(([name, value]) => (value === null ? [] : [name]));
    this.needed = [...new Set([...read, ...replaced])];
    this.gradients = [...writes].flatMap(([name, value]) =>
      value !== null && isGradient(name) ? [{ name, length: value.size }] : [],
    );
  }

  run(state: NamedState, request: RunRequest): RunResult {
    const { backend, session, written } = this.parts;
    const taken = new Map<string, Block>();
    try {
      // First all that can make the memory grow, which leaves the views of before empty, or fail for lack of it, which must not
      // happen half way through a commit; then views.
      this.bindUpdate(state);
      for (const name of this.needed) if (state.get(name) !== undefined) this.residents.get(state, name);
      backend.gradientsOf(state).reserve(this.gradients, state);
      for (const each of this.fresh) taken.set(each.result, this.blockFor(state, each));
      this.feed(state, request);
      for (const { result, value } of this.fresh) this.fetches[result] = taken.get(result)!.tensor(value.shape);
      for (const [name, value] of this.parts.operands) {
        this.fetches[name] = this.operands.get(value)!.tensor(value.shape);
      }
      session?.run(this.feeds, this.fetches, {});
      const committed = this.guardsPass(request.commitIf ?? 'always', taken);
      if (committed) this.commit(state, taken);
      return { outputs: this.leave(taken), committed, written };
    } finally {
      for (const block of taken.values()) backend.pool.give(block);
    }
  }

  dispose(): void {
    const { session, backend } = this.parts;
    session?.dispose();
    this.update?.dispose();
    for (const block of [...this.numbers.values(), ...this.operands.values()]) backend.pool.give(block);
    // blocks of sizes that only this program had would wait for ever
    backend.pool.clear();
  }

  private feed(state: NamedState, { batch = {}, numbers = {}, random }: RunRequest): void {
    const { backend, feeds, random: sites } = this.parts;
    const { Tensor } = backend.pool.runtime;
    for (const [name, block] of this.numbers) block.view[0] = numbers[name]!;
    const inBatch = tensorsIn(batch);
    for (const { name, source, value } of feeds) {
      const { shape, dtype } = value;
      if (source.kind === 'batch')
        this.feeds[name] = new Tensor(dtype, elementsOf(backend, inBatch[source.index]!), shape);
      else if (source.kind === 'variable')
        this.feeds[name] = new Tensor(dtype, elementsOf(backend, source.variable), shape);
      else this.feeds[name] = this.blockOf(state, source).tensor(shape);
    }
    if (random === undefined) return;
    for (const [name, keys] of Object.entries(sites.feeds(random))) {
      this.feeds[name] = new Tensor('uint32', keys, [keys.length]);
    }
  }

  /** Where the session shall write a result: a gradient at its place, everything else anywhere. */
  private blockFor(state: NamedState, { name, value: { dtype, size } }: FreshResult): Block {
    const { backend } = this.parts;
    if (name === null || !isGradient(name)) return backend.pool.take(dtype, size);
    const now = state.get(name) && this.residents.get(state, name).block;
    return backend.gradientsOf(state).other(name, now) ?? backend.pool.take(dtype, size);
  }

  private blockOf(state: NamedState, source: InputSource): Block {
    if (source.kind === 'number') return this.numbers.get(source.name)!;
    return this.residents.get(state, (source as { readonly name: string }).name).block;
  }

  private guardsPass(rule: 'always' | 'finite' | 'not-nan', taken: ReadonlyMap<string, Block>): boolean {
    if (rule === 'always') return true;
    const passes = rule === 'finite' ? Number.isFinite : (value: number): boolean => !Number.isNaN(value);
    return this.parts.guards.every((guard) => {
      const view = taken.get(outputName(guard))?.view as Float32Array | undefined;
      return view === undefined || view.every((value) => passes(value));
    });
  }

  private commit(state: NamedState, taken: Map<string, Block>): void {
    const { backend, writes } = this.parts;
    this.update?.run();
    for (const [name, value] of writes) {
      if (value === null) {
        state.remove(name);
        continue;
      }
      const block = taken.get(writeName(name))!;
      taken.delete(writeName(name));
      const now = state.get(name);
      // a temporary may be of another shape or type than before
      if (now?.dtype !== value.dtype || !sameShape(now.shape, value.shape)) {
        makeResident(state, name, backend, block, value);
      } else {
        const resident = this.residents.get(state, name);
        backend.pool.give(resident.block);
        resident.block = block;
      }
    }
  }

  private leave(taken: Map<string, Block>): Outputs {
    const outputs: Outputs = {};
    for (const [name, { shape, dtype }] of this.parts.outputs) {
      outputs[name] = this.parts.backend.tensor(taken.get(outputName(name))!, shape, dtype as tf.DataType);
      taken.delete(outputName(name));
    }
    return outputs;
  }

  /** Tells kernels where everything stands when something has moved. */
  private bindUpdate(state: NamedState): void {
    const { update, backend, kernelFeeds } = this.parts;
    if (update.kernels.length === 0) return;
    const addressOfState = (name: string): number => this.residents.get(state, name).block.address;
    const moving = update.written.map(addressOfState);
    for (const { source } of kernelFeeds) if (source.kind === 'state') moving.push(addressOfState(source.name));
    if (this.update !== undefined && moving.every((address, i) => address === this.bound[i])) return;
    const fed = new Map(kernelFeeds.map(({ value, source }) => [value, source]));
    const addressOf = (operand: Operand): number => {
      if (operand.kind === 'state') return addressOfState(operand.name);
      const source = fed.get(operand.value);
      return (source === undefined ? this.operands.get(operand.value)! : this.blockOf(state, source)).address;
    };
    if (this.update === undefined) this.update = new FusedUpdate(update, backend.pool.memory, addressOf);
    else this.update.bind(addressOf);
    this.bound = moving;
  }
}

export function outputName(name: string): string {
  return `output/${name}`;
}

export function writeName(name: string): string {
  return `write/${name}`;
}
