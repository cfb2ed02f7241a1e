import { NotCompilableError } from '@x/trainer-core/compiled';
import type { CompiledType, HostArray, KernelInputs, TraceTarget } from '@x/trainer-core/compiled';

import { Graph } from './graph/graph.js';
import type { GraphOptions } from './graph/simplifications.js';
import type { Value } from './graph/value.js';
import type { KernelAttributes, Lowerings } from './lowering/lowering.js';
import { WITHOUT_LOWERING } from './lowering/without-lowering.js';
import { SiteKeys } from './lowering/site-keys.js';

/** The graph of a program, built kernel by kernel while it is traced. */
export class OnnxTarget implements TraceTarget<Value> {
  readonly graph: Graph;
  readonly random: SiteKeys;

  constructor(
    private readonly lowerings: Lowerings,
    simplifications: GraphOptions,
  ) {
    this.graph = new Graph(simplifications);
    this.random = new SiteKeys(this.graph);
  }

  input(name: string, shape: readonly number[], dtype: CompiledType): Value {
    return this.graph.input(name, [...shape], dtype);
  }

  constant(data: HostArray, shape: readonly number[], dtype: CompiledType): Value {
    // whoever made the tensor may change the array later
    return this.graph.constant(data.slice(), [...shape], dtype);
  }

  kernel(name: string, inputs: KernelInputs<Value>, attributes: KernelAttributes): Value | readonly Value[] {
    const lowering = this.lowerings[name];
    if (lowering === undefined) throw new NotCompilableError(WITHOUT_LOWERING[name] ?? 'it has no counterpart in ONNX');
    return lowering(this.graph, inputs, attributes);
  }

  reshape(value: Value, shape: readonly number[]): Value {
    return this.graph.reshape(value, [...shape]);
  }

  constantData(value: Value): HostArray | undefined {
    return this.graph.dataOf(value) as HostArray | undefined;
  }

  uniform(shape: readonly number[]): Value {
    return this.random.uniform(shape);
  }

  normal(shape: readonly number[]): Value {
    return this.random.normal(shape);
  }
}
