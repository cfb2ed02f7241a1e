import type { Builder, Reduction } from '../graph/builder.js';
import type { Attributes, Node, Value } from '../graph/value.js';
import { nodesBelow } from '../graph/walk.js';

/** From the values of a graph to those that replace them. What is not below the roots stands for itself. */
export type Renewal = (old: Value) => Value;

/**
 * What replaces the outputs of a node, given the new inputs, or undefined where the node is to stay. It may ask for
 * the replacement of any value that the node depends on.
 */
export type Rewriting = (node: Node, inputs: readonly Value[], renewed: Renewal) => readonly Value[] | undefined;

/** Builds everything below the roots again, each node after its inputs, replaced or as it was. */
export function rewrite(g: Builder, roots: readonly Value[], rewriting: Rewriting): Renewal {
  const replaced = new Map<Value, Value>();
  const renewed: Renewal = (old) => replaced.get(old) ?? old;
  for (const node of nodesBelow(roots)) {
    const inputs = node.inputs.map(renewed);
    const outputs = rewriting(node, inputs, renewed) ?? rebuilt(g, node, inputs);
    node.outputs.forEach((output, i) => {
      if (outputs[i] !== output) replaced.set(output, outputs[i]!);
    });
  }
  return renewed;
}

/** The same operation of other inputs, through the builder's methods, so that it simplifies again. */
function rebuilt(g: Builder, node: Node, inputs: readonly Value[]): readonly Value[] {
  if (inputs.every((input, i) => input === node.inputs[i])) return node.outputs;
  const method = METHODS[node.op];
  if (method !== undefined) return [method(g, inputs, node.attributes, node)];
  return g.node(node.op, inputs, node.attributes, node.outputs, node.domain);
}

type Method = (g: Builder, inputs: readonly Value[], attributes: Attributes, node: Node) => Value;

const binary: Method = (g, [a, b], _attributes, { op, outputs }) => g.binary(op, a!, b!, outputs[0]!.dtype);

const unary: Method = (g, [x], attributes, { op, outputs }) =>
  g.unary(op, x!, { dtype: outputs[0]!.dtype, attributes });

const reduction: Method = (g, [x], attributes, { op }) => g.reduce(op as Reduction, x!, ints(attributes, 'axes'), true);

const product: Method = (g, inputs, attributes, { op, outputs: [output] }) => {
  const [a, b] = inputs as [Value, Value];
  // with a bias it is what a pass has made of it
  if (inputs.length > 2) return g.op(op, inputs, attributes, output!.shape);
  return g.matmul(a, b, attributes['transA'] === 1, attributes['transB'] === 1);
};

const METHODS: Readonly<Record<string, Method>> = {
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'And', 'Or'].map((op) => [op, binary])),
  ...Object.fromEntries(['Tanh', 'Sigmoid', 'Exp', 'Log', 'Sqrt', 'Abs', 'Relu', 'Erf'].map((op) => [op, unary])),
  ...Object.fromEntries(['ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd'].map((op) => [op, reduction])),
  ...Object.fromEntries(['Gemm', 'MatMul', 'FusedMatMul'].map((op) => [op, product])),
  Neg: (g, [x]) => g.neg(x!),
  Cast: (g, [x], _attributes, { outputs }) => g.cast(x!, outputs[0]!.dtype),
  Where: (g, [condition, a, b]) => g.where(condition!, a!, b!),
  Reshape: (g, [x], attributes) => g.reshape(x!, ints(attributes, 'shape')),
  Expand: (g, [x], attributes) => g.expand(x!, ints(attributes, 'shape')),
  Transpose: (g, [x], attributes) => g.transpose(x!, ints(attributes, 'perm')),
  Slice: (g, [x], attributes) =>
    g.stridedSlice(x!, ints(attributes, 'begin'), ints(attributes, 'end'), ints(attributes, 'strides')),
  Reverse: (g, [x], attributes) => g.reverse(x!, attributes['axis'] as number),
  Concat: (g, inputs, attributes) => g.concat(inputs, attributes['axis'] as number),
  Pad: (g, [x], attributes) => {
    const pads = ints(attributes, 'pads');
    const { float: value } = attributes['value'] as { float: number };
    return g.pad(
      x!,
      x!.shape.map((_, i) => [pads[i]!, pads[x!.shape.length + i]!] as const),
      value,
    );
  },
};

function ints(attributes: Attributes, name: string): readonly number[] {
  return attributes[name] as readonly number[];
}
