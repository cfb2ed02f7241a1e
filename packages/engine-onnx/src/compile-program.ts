import { EngineError } from '@x/trainer-core';
import type { TracedProgram } from '@x/trainer-core/compiled';

import type { Value } from './graph/value.js';
import { emit } from './onnx/emit.js';
import type { NamedValue } from './onnx/emit.js';
import { encodeModel } from './onnx/model.js';
import type { Model } from './onnx/model.js';
import type { OnnxTarget } from './onnx-target.js';
import { optimise } from './passes/passes.js';
import { OnnxProgram, outputName, writeName } from './run/onnx-program.js';
import type { FeedPlan } from './run/onnx-program.js';
import type { NativeSession, OnnxRuntime } from './run/onnxruntime.js';
import type { ResidentBackend } from './run/resident-backend.js';
import { sessionSettings } from './run/session-options.js';
import type { SessionOptions } from './run/session-options.js';
import { findUpdates } from './update/find-updates.js';
import type { UpdatePlan } from './update/find-updates.js';

export interface CompileOptions {
  readonly backend: ResidentBackend;
  readonly session: SessionOptions;
  /** Names of passes that are not run; `fusedUpdate` is one. */
  readonly off: readonly string[];
}

/**
 * A traced program as a model of ONNX Runtime and kernels.
 *
 * @throws EngineError (`X_ONNX_MODEL_TOO_LARGE`, `X_ENGINE_NOT_COMPILABLE`).
 */
export function compileProgram(
  { graph, random }: OnnxTarget,
  traced: TracedProgram<Value>,
  { backend, session: sessionOptions, off }: CompileOptions,
): OnnxProgram {
  const computed = [...traced.writes].filter((entry): entry is [string, Value] => entry[1] !== null);
  const roots = [...traced.outputs.values(), ...computed.map(([, value]) => value)];
  const renewed = optimise(graph, roots, { off });
  const outputs = new Map([...traced.outputs].map(([name, value]) => [name, renewed(value)]));
  const writes = new Map([...traced.writes].map(([name, value]) => [name, value && renewed(value)]));

  const before = new Map(
    traced.inputs.flatMap(({ source, value }) => (source.kind === 'state' ? [[source.name, value]] : [])),
  );
  const update = off.includes('fusedUpdate') ? noUpdate : planUpdate(writes, before);
  for (const name of update.written) writes.delete(name);
  for (const [name, value] of writes) if (value !== null && value === before.get(name)) writes.delete(name);

  const fed = new Map(traced.inputs.map((input) => [input.value, input]));
  const [standing, computedOperands] = partition(update.operands, (value) => {
    const source = fed.get(value)?.source;
    // kernels overwrite old values: what others read of them is copied before
    return source?.kind === 'number' || (source?.kind === 'state' && !update.written.includes(source.name));
  });
  const operands = new Map(computedOperands.map((value, i) => [`operand/${i}`, value]));
  const named: NamedValue[] = [
    ...[...outputs].map(([name, value]) => ({ name: outputName(name), value })),
    ...[...writes].flatMap(([name, value]) => (value === null ? [] : [{ name: writeName(name), value }])),
    ...[...operands].map(([name, value]) => ({ name, value })),
  ];
  const model = named.length === 0 ? undefined : emit(named);
  const feedOf = (value: Value): FeedPlan[] => {
    const input = fed.get(value);
    return input === undefined ? [] : [{ name: value.attributes['name'] as string, source: input.source, value }];
  };
  const used = new Set(model?.inputs.map(({ name }) => name));
  const feeds = traced.inputs.flatMap(({ value }) =>
    used.has(value.attributes['name'] as string) ? feedOf(value) : [],
  );
  const session = model && sessionOf(model, traced.name, backend.pool.runtime, sessionOptions);
  const kernelFeeds = standing.flatMap(feedOf);
  const { guards } = traced;
  const written = new Set(traced.writes.keys());
  const found = { outputs, guards, writes, written, update, operands };
  try {
    return new OnnxProgram({ backend, session, feeds, kernelFeeds, random, ...found });
  } catch (error) {
    // its memory is not that of JavaScript: nobody else would free it
    session?.dispose();
    throw error;
  }
}

function sessionOf(model: Model, program: string, runtime: OnnxRuntime, options: SessionOptions): NativeSession {
  const bytes = encodeModel(model);
  try {
    return runtime.createSession(bytes, sessionSettings(options, model.nodes.length));
  } catch (error) {
    const reason = `ONNX Runtime refuses the program "${program}": ${(error as Error).message}`;
    throw new EngineError('X_ENGINE_NOT_COMPILABLE', reason, { cause: error });
  }
}

const noUpdate: UpdatePlan = { kernels: [], operands: [], written: [], rest: [] };

/** Kernels for the new values of state that was there before. */
function planUpdate(writes: ReadonlyMap<string, Value | null>, before: ReadonlyMap<string, Value>): UpdatePlan {
  return findUpdates(
    [...writes].flatMap(([name, after]) => {
      const old = before.get(name);
      return after === null || old === undefined || after === old ? [] : [{ name, before: old, after }];
    }),
  );
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): [T[], T[]] {
  return [items.filter((item) => belongs(item)), items.filter((item) => !belongs(item))];
}
