import type { Attributes, DType, Node } from '../graph/value.js';
import { DATA_TYPES } from './model.js';

/** A number that ONNX wants as an input. */
export interface FormNumber {
  readonly value: number;
  readonly dtype: DType;
}

/** How ONNX writes an operation of a graph: another name, and inputs for what are attributes there. */
export interface Form {
  readonly as?: string;
  /** Further inputs, after those of the node: lists of int64, or numbers. */
  readonly more?: readonly (readonly number[] | FormNumber)[];
  readonly attributes?: Attributes;
}

/** The end of a slice that is to reach the first element from behind: whatever is far below 0. */
const BEFORE_THE_FIRST = -(2 ** 62);

/** The operations that ONNX writes otherwise than a graph does. */
export const FORMS: Readonly<Record<string, (node: Node) => Form>> = {
  // without `allowzero` a length of 0 stands for that of the argument
  Reshape: (node) => ({ ...shaping(node), attributes: node.outputs[0]!.size === 0 ? { allowzero: 1 } : {} }),
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
  Split: ({ attributes }) => ({
    more: [ints(attributes, 'sizes')],
    attributes: { axis: attributes['axis'] as number },
  }),
  Reverse: ({ attributes }) => ({
    as: 'Slice',
    more: [[-1], [BEFORE_THE_FIRST], [attributes['axis'] as number], [-1]],
  }),
  Pad: ({ attributes, inputs }) => {
    const { float: value } = attributes['value'] as { float: number };
    return { more: [ints(attributes, 'pads'), { value, dtype: inputs[0]!.dtype }], attributes: { mode: 'constant' } };
  },
  ReduceSum: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
};

function shaping({ attributes }: Node): Form {
  return { more: [ints(attributes, 'shape')] };
}

function reduction({ attributes }: Node): Form {
  return { more: [ints(attributes, 'axes')], attributes: { keepdims: attributes['keepdims'] as number } };
}

function ints(attributes: Attributes, name: string): readonly number[] {
  return attributes[name] as readonly number[];
}
