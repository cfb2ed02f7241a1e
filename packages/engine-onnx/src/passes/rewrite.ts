import { floatOf, intOf, intsOf, paddingsOf } from '../graph/attributes.js';
import type { Builder, Reduction } from '../graph/builder.js';
import type { Node, Value } from '../graph/value.js';
import { nodesBelow } from '../graph/walk.js';

/** From the values of a graph to those that replace them. What is not below the roots stands for itself. */
export type Renewal = (old: Value) => Value;

/**
 * What replaces the outputs of a node, given the new inputs, or nothing where the node is to stay. It may ask for
 * the replacement of any value that the node depends on.
 */
export type Rewriting = (
  node: Node,
  inputs: readonly Value[],
  renewed: Renewal,
) => readonly Value[] | false | undefined;

/** Builds everything below the roots again, each node after its inputs, replaced or as it was. */
export function rewrite(g: Builder, roots: readonly Value[], rewriting: Rewriting): Renewal {
  const replaced = new Map<Value, Value>();
  const renewed: Renewal = (old) => replaced.get(old) ?? old;
  for (const node of nodesBelow(roots)) {
    const inputs = node.inputs.map(renewed);
    const outputs = rewriting(node, inputs, renewed) || rebuilt(g, node, inputs);
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
  if (method !== undefined) return [method(g, inputs, node)];
  return g.node(node.op, inputs, node.attributes, node.outputs, node.domain);
}

/** The operation of a node, which has one output, on inputs of other shapes. The result's is given, as not all know it. */
export function operationOn(g: Builder, node: Node, inputs: readonly Value[], shape: readonly number[]): Value {
  const method = METHODS[node.op];
  if (method !== undefined) return method(g, inputs, node);
  return g.op(node.op, inputs, node.attributes, shape, node.outputs[0]!.dtype, node.domain);
}

type Method = (g: Builder, inputs: readonly Value[], node: Node) => Value;

const binary: Method = (g, [a, b], { op, outputs }) => g.binary(op, a!, b!, outputs[0]!.dtype);

const unary: Method = (g, [x], { op, attributes, outputs }) =>
  g.unary(op, x!, { dtype: outputs[0]!.dtype, attributes });

const reduction: Method = (g, [x], node) => g.reduce(node.op as Reduction, x!, intsOf(node, 'axes'), true);

const product: Method = (g, inputs, node) => {
  // with a bias it is what a pass has made of it
  if (inputs.length > 2) return g.op(node.op, inputs, node.attributes, node.outputs[0]!.shape);
  return g.matmul(inputs[0]!, inputs[1]!, node.attributes['transA'] === 1, node.attributes['transB'] === 1);
};

const METHODS: Readonly<Record<string, Method>> = {
  ...Object.fromEntries(['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'And', 'Or'].map((op) => [op, binary])),
  ...Object.fromEntries(['Tanh', 'Sigmoid', 'Exp', 'Log', 'Sqrt', 'Abs', 'Relu', 'Erf'].map((op) => [op, unary])),
  ...Object.fromEntries(['ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd'].map((op) => [op, reduction])),
  ...Object.fromEntries(['Gemm', 'MatMul', 'FusedMatMul'].map((op) => [op, product])),
  Neg: (g, [x]) => g.neg(x!),
  Cast: (g, [x], { outputs }) => g.cast(x!, outputs[0]!.dtype),
  Where: (g, [condition, a, b]) => g.where(condition!, a!, b!),
  Reshape: (g, [x], node) => g.reshape(x!, intsOf(node, 'shape')),
  Expand: (g, [x], node) => g.expand(x!, intsOf(node, 'shape')),
  Transpose: (g, [x], node) => g.transpose(x!, intsOf(node, 'perm')),
  Slice: (g, [x], node) => g.stridedSlice(x!, intsOf(node, 'begin'), intsOf(node, 'end'), intsOf(node, 'strides')),
  Reverse: (g, [x], node) => g.reverse(x!, intOf(node, 'axis')),
  Concat: (g, inputs, node) => g.concat(inputs, intOf(node, 'axis')),
  Pad: (g, [x], node) => g.pad(x!, paddingsOf(node), floatOf(node, 'value')),
};
