import { arrayOf } from '../graph/value.js';
import type { Attributes, DType, Node, TypedArray, Value } from '../graph/value.js';
import { nodesBelow } from '../graph/walk.js';
import { DATA_TYPES } from './model.js';
import type { Model, ModelConstant, ModelNode, ModelTensor } from './model.js';

/** A value that leaves a graph, and the name under which it does. */
export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** The ONNX model that computes the outputs. Its inputs are the `Input`s that they depend on. */
export function emit(outputs: readonly NamedValue[]): Model {
  return new Emitter().emit(outputs);
}

class Emitter {
  private readonly nodes: ModelNode[] = [];
  private readonly constants: ModelConstant[] = [];
  private readonly inputs: ModelTensor[] = [];
  private readonly names = new Map<Value, string>();
  private readonly lists = new Map<string, string>();

  emit(outputs: readonly NamedValue[]): Model {
    for (const node of nodesBelow(outputs.map(({ value }) => value))) this.emitNode(node);
    // A value may be an input, a constant, or leave twice: each output is the result of a node of its own.
    for (const { name, value } of outputs) this.add('Identity', [this.nameOf(value)], [name]);
    return {
      nodes: this.nodes,
      constants: this.constants,
      inputs: this.inputs,
      outputs: outputs.map(({ name, value: { dtype, shape } }) => ({ name, dtype, shape })),
    };
  }

  private emitNode(node: Node): void {
    const { op, attributes, domain } = node;
    const [output] = node.outputs;
    if (op === 'Splat' || op === 'Constant') return;
    if (op === 'Input') {
      const name = attributes['name'] as string;
      this.names.set(output!, name);
      this.inputs.push({ name, dtype: output!.dtype, shape: output!.shape });
      return;
    }
    const outputs = node.outputs.map((value) => {
      const name = `v${this.names.size}`;
      this.names.set(value, name);
      return name;
    });
    const inputs = node.inputs.map((value) => this.nameOf(value));
    const form = FORMS[op];
    if (form === undefined) this.add(op, inputs, outputs, attributes, domain);
    else {
      const { as = op, more = [], attributes: own = {} } = form(node);
      const added = more.map((list) => (Array.isArray(list) ? this.list(list) : this.number(list as FormNumber)));
      this.add(as, [...inputs, ...added], outputs, own, domain);
    }
  }

  private add(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Attributes = {},
    domain = '',
  ): void {
    this.nodes.push({ op, domain, inputs, outputs, attributes });
  }

  private nameOf(value: Value): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const name = this.constant(value.dtype, value.shape, dataOf(value));
    this.names.set(value, name);
    return name;
  }

  private constant(dtype: DType, shape: readonly number[], data: TypedArray): string {
    const name = `c${this.constants.length}`;
    this.constants.push({ name, dtype, shape, data });
    return name;
  }

  private list(items: readonly number[]): string {
    const key = items.join();
    const name = this.lists.get(key) ?? this.constant('int64', [items.length], BigInt64Array.from(items, BigInt));
    this.lists.set(key, name);
    return name;
  }

  private number({ value, dtype }: FormNumber): string {
    const data = arrayOf(dtype, 1);
    if (data instanceof BigInt64Array) data[0] = BigInt(value);
    else data[0] = value;
    return this.constant(dtype, [], data);
  }
}

interface FormNumber {
  readonly value: number;
  readonly dtype: DType;
}

/** How ONNX writes an operation of ours: another name, attributes that are inputs there (lists of int64, numbers). */
interface Form {
  readonly as?: string;
  readonly more?: readonly (readonly number[] | FormNumber)[];
  readonly attributes?: Attributes;
}

const MIN_INT64 = -(2 ** 62);

const reduction = ({ attributes }: Node): Form => ({
  more: [ints(attributes, 'axes')],
  attributes: { keepdims: attributes['keepdims'] as number },
});

const shaping = ({ attributes }: Node): Form => ({ more: [ints(attributes, 'shape')] });

const FORMS: Readonly<Record<string, (node: Node) => Form>> = {
  // without `allowzero` a length of 0 stands for that of the argument
  Reshape: (node) => ({ ...shaping(node), attributes: { allowzero: 1 } }),
  Expand: shaping,
  Cast: ({ outputs }) => ({ attributes: { to: DATA_TYPES[outputs[0]!.dtype] } }),
  Slice: ({ attributes, inputs }) => {
    const [begin, end, strides] = [ints(attributes, 'begin'), ints(attributes, 'end'), ints(attributes, 'strides')];
    const axes = inputs[0]!.shape.flatMap((length, i) =>
      begin[i] === 0 && end[i]! >= length && strides[i] === 1 ? [] : [i],
    );
    const along = (list: readonly number[]): number[] => axes.map((axis) => list[axis]!);
    return { more: [along(begin), along(end), axes, along(strides)] };
  },
  Reverse: ({ attributes }) => ({ as: 'Slice', more: [[-1], [MIN_INT64], [attributes['axis'] as number], [-1]] }),
  Pad: ({ attributes, inputs }) => {
    const { float: value } = attributes['value'] as { float: number };
    return { more: [ints(attributes, 'pads'), { value, dtype: inputs[0]!.dtype }], attributes: { mode: 'constant' } };
  },
  ReduceSum: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
};

function ints(attributes: Attributes, name: string): readonly number[] {
  return attributes[name] as readonly number[];
}

function dataOf({ node, dtype, size, attributes }: Value): TypedArray {
  if (node.data !== undefined) return node.data;
  const { float: number } = attributes['value'] as { float: number };
  const data = arrayOf(dtype, size);
  return data instanceof BigInt64Array ? data.fill(BigInt(number)) : data.fill(number);
}
