import { arrayOf } from '../graph/value.js';
import type { DType, Node, TypedArray, Value } from '../graph/value.js';
import { nodesBelow } from '../graph/walk.js';
import { FORMS } from './forms.js';
import type { Form, FormNumber } from './forms.js';
import type { Model, ModelConstant, ModelNode, ModelTensor } from './model.js';

/** A value that leaves a graph, and the name under which it does. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** Splats of more elements are one number and a shape in the model, smaller ones are stored. */
const STORED_SPLAT = 4096;

/** The pseudo operations: what they give is not the result of a node of the model. */
const GIVEN = new Set(['Input', 'Constant', 'Splat']);

/**
 * The ONNX model that computes the outputs. Its inputs are the `Input`s that they depend on. Each node is named for its
 * operation and its place in the graph (`Gemm_12`), as which ONNX Runtime's profiler lists it; tensors in between have
 * names with a `%` in front, which those of inputs and outputs may not have.
 *
 * @throws RangeError for such a name, or if two of the inputs and outputs have one.
 */
export function emit(outputs: readonly NamedValue[]): Model {
  return new Emitter(outputs).emit();
}

class Emitter {
  private readonly nodes: ModelNode[] = [];
  private readonly constants: ModelConstant[] = [];
  private readonly inputs: ModelTensor[] = [];
  private readonly names = new Map<Value, string>();
  /** Stored lists and numbers by what they hold. */
  private readonly literals = new Map<string, string>();

  constructor(private readonly outputs: readonly NamedValue[]) {}

  emit(): Model {
    // the result of a node takes the name of the output that it is
    for (const { name, value } of this.outputs) {
      if (!GIVEN.has(value.op) && !this.names.has(value)) this.names.set(value, name);
    }
    for (const node of nodesBelow(this.outputs.map(({ value }) => value))) this.emitNode(node);
    for (const { name, value } of this.outputs) {
      const known = this.nameOf(value);
      // an input, a constant, and what leaves a second time need a node that gives them the name
      if (known !== name) this.add(`Identity_${name}`, { as: 'Identity' }, [known], [name]);
    }
    const outputs = this.outputs.map(({ name, value: { dtype, shape } }) => ({ name, dtype, shape }));
    checkNames([...this.inputs, ...outputs]);
    return { nodes: this.nodes, constants: this.constants, inputs: this.inputs, outputs };
  }

  private emitNode(node: Node): void {
    const { op, id, attributes, domain } = node;
    if (op === 'Splat' || op === 'Constant') return;
    if (op === 'Input') {
      const [value] = node.outputs;
      const name = attributes['name'] as string;
      this.names.set(value!, name);
      this.inputs.push({ name, dtype: value!.dtype, shape: value!.shape });
      return;
    }
    const outputs = node.outputs.map((value) => {
      const name = this.names.get(value) ?? `%${id}.${value.index}`;
      this.names.set(value, name);
      return name;
    });
    const inputs = node.inputs.map((value) => this.nameOf(value));
    this.add(`${op}_${id}`, { as: op, ...(FORMS[op]?.(node) ?? { attributes }) }, inputs, outputs, domain);
  }

  private add(
    name: string,
    { as, more = [], attributes = {} }: Form & { readonly as: string },
    inputs: readonly string[],
    outputs: readonly string[],
    domain = '',
  ): void {
    const added = more.map((literal) => this.literal(literal));
    this.nodes.push({ name, op: as, domain, inputs: [...inputs, ...added], outputs, attributes });
  }

  private nameOf(value: Value): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = value.op === 'Splat' && value.size > STORED_SPLAT ? this.filled(value) : this.stored(value);
    this.names.set(value, name);
    return name;
  }

  private filled({ node, dtype, shape }: Value): string {
    const name = `%${node.id}.0`;
    const number = this.literal({ value: splatNumber(node), dtype });
    this.add(`Splat_${node.id}`, { as: 'Expand', more: [shape] }, [number], [name]);
    return name;
  }

  private stored({ node, dtype, shape, size }: Value): string {
    return this.constant(dtype, shape, node.data ?? filledArray(dtype, size, splatNumber(node)));
  }

  private constant(dtype: DType, shape: readonly number[], data: TypedArray): string {
    const name = `%c${this.constants.length}`;
    this.constants.push({ name, dtype, shape, data });
    return name;
  }

  private literal(literal: readonly number[] | FormNumber): string {
    const isNumber = 'dtype' in literal;
    const key = isNumber
      ? `${literal.dtype} ${Object.is(literal.value, -0) ? '-0' : literal.value}`
      : `[${literal.join()}]`;
    const known = this.literals.get(key);
    if (known !== undefined) return known;
    const name = isNumber
      ? this.constant(literal.dtype, [], filledArray(literal.dtype, 1, literal.value))
      : this.constant('int64', [literal.length], BigInt64Array.from(literal, BigInt));
    this.literals.set(key, name);
    return name;
  }
}

function splatNumber({ attributes }: Node): number {
  return (attributes['value'] as { float: number }).float;
}

function filledArray(dtype: DType, length: number, value: number): TypedArray {
  const data = arrayOf(dtype, length);
  return data instanceof BigInt64Array ? data.fill(BigInt(value)) : data.fill(value);
}

/** ONNX has one name for one tensor. */
function checkNames(tensors: readonly ModelTensor[]): void {
  const seen = new Set<string>();
  for (const { name } of tensors) {
    if (name.startsWith('%')) {
      throw new RangeError(
        `"${name}" cannot be the name of an input or output: those with % are of the tensors in between`,
      );
    }
    if (seen.has(name)) throw new RangeError(`"${name}" is the name of two of the model's inputs and outputs`);
    seen.add(name);
  }
}
