import * as tf from '@tensorflow/tfjs-core';
import { NamedState, planUpdate } from '@x/trainer-core';
import type { MovingAverage, Optimizer, ParameterSet } from '@x/trainer-core';
import { NotCompilableError, traceProgram } from '@x/trainer-core/compiled';
import type { CompiledType, HostArray, KernelInputs, TraceTarget } from '@x/trainer-core/compiled';

import { Graph } from '../../graph/graph.js';
import type { Value } from '../../graph/value.js';
import type { WrittenState } from '../elementwise.js';

type Kernel = (g: Graph, inputs: Readonly<Record<string, Value>>, attributes: tf.NamedAttrMap) => Value;

const unary =
  (op: string): Kernel =>
  (g, { x }) =>
    g.unary(op, x!);

const binary =
  (op: string): Kernel =>
  (g, { a, b }) =>
    g.binary(op, a!, b!);

const comparison =
  (op: string): Kernel =>
  (g, { a, b }) =>
    g.binary(op, a!, b!, 'bool');

/** The kernels of tfjs that elementwise rules call. */
const KERNELS: Readonly<Record<string, Kernel>> = {
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Greater: comparison('Greater'),
  Less: comparison('Less'),
  Sqrt: unary('Sqrt'),
  Abs: unary('Abs'),
  Sign: unary('Sign'),
  Relu: unary('Relu'),
  Identity: (_, { x }) => x!,
  Square: (g, { x }) => g.mul(x!, x!),
  Select: (g, { condition, t, e }) => g.where(condition!, t!, e!),
  ZerosLike: (g, { x }) => g.splat(0, x!.shape, x!.dtype),
  Cast: (g, { x }, { dtype }) => g.cast(x!, dtype as CompiledType),
};

class GraphTarget implements TraceTarget<Value> {
  private readonly graph = new Graph();

  input(name: string, shape: readonly number[], dtype: CompiledType): Value {
    return this.graph.input(name, shape, dtype);
  }

  constant(data: HostArray, shape: readonly number[], dtype: CompiledType): Value {
    return this.graph.constant(data, shape, dtype);
  }

  kernel(name: string, inputs: KernelInputs<Value>, attributes: tf.NamedAttrMap): Value {
    const kernel = KERNELS[name];
    if (kernel === undefined) throw new NotCompilableError('it is not elementwise');
    return kernel(this.graph, inputs, attributes);
  }

  reshape(value: Value, shape: readonly number[]): Value {
    return this.graph.reshape(value, shape);
  }

  constantData(): undefined {
    return undefined;
  }

  uniform(): never {
    throw new NotCompilableError('rules draw no numbers');
  }

  normal(): never {
    throw new NotCompilableError('rules draw no numbers');
  }
}

/** What the update of all parameters writes, with gradients that are handed to it; and the numbers of the step. */
export function traceUpdate(
  optimizer: Optimizer,
  movingAverage: MovingAverage | null,
  parameters: ParameterSet,
): { states: WrittenState[]; numbers: Record<string, number> } {
  const state = new NamedState();
  for (const { name, variable } of parameters) state.define(`parameters/${name}`, variable);
  for (const parameter of parameters) {
    const slots = Object.entries(optimizer.state.slotsOf(parameter));
    for (const [slot, variable] of slots) state.define(`slots/${parameter.name}/${slot}`, variable);
  }
  for (const [name, shadow] of movingAverage?.shadows ?? []) state.define(`averages/${name}`, shadow);
  for (const { name, variable } of parameters) {
    tf.tidy(() => state.set(`gradients/${name}`, tf.zeros(variable.shape)));
  }
  try {
    const { program, numbers } = planUpdate({
      optimizer,
      parameters: [...parameters],
      movingAverage,
      batchNumTotal: 3,
      buffers: [],
      guarded: false,
    });
    const { writes, inputs } = traceProgram(new GraphTarget(), program, state, { numbers });
    const before = new Map(inputs.map(({ value }) => [value.attributes['name'], value]));
    const states = [...writes].flatMap(([name, after]) =>
      after === null ? [] : [{ name, before: before.get(`state/${name}`)!, after }],
    );
    return { states, numbers };
  } finally {
    state.clearTemporaries();
  }
}
