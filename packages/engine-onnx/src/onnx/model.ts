import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

import type { Attribute, DType, TypedArray } from '../graph/value.js';
import { refuseTooLarge } from './size.js';

/** A tensor of a model by name: an input, an output, or (with data) a constant. */
export interface ModelTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface ModelConstant extends ModelTensor {
  readonly data: TypedArray;
}

export interface ModelNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** What an ONNX file holds. Nodes are in an order in which they can be computed. */
export interface Model {
  readonly nodes: readonly ModelNode[];
  readonly constants: readonly ModelConstant[];
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
}

/** ONNX's numbers for types (`TensorProto.DataType`). */
export const DATA_TYPES: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, uint32: 12 };

const IR_VERSION = 9;
const OPSET = 18;

/**
 * The model as a protocol buffer (`onnx.proto` of ONNX 1.13; the numbers are its field numbers).
 *
 * @throws EngineError (`X_ONNX_MODEL_TOO_LARGE`) if ONNX Runtime could not read it.
 */
export function encodeModel(model: Model): Uint8Array<ArrayBuffer> {
  refuseTooLarge(model);
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(IR_VERSION);
  writer.tag(2, WireType.LengthDelimited).string('@x/engine-onnx');
  message(writer, 7, () => writeGraph(writer, model));
  for (const [domain, version] of [
    ['', OPSET],
    ['com.microsoft', 1],
  ] as const) {
    message(writer, 8, () => {
      writer.tag(1, WireType.LengthDelimited).string(domain);
      writer.tag(2, WireType.Varint).int32(version);
    });
  }
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, { nodes, constants, inputs, outputs }: Model): void {
  for (const node of nodes) message(writer, 1, () => writeNode(writer, node));
  writer.tag(2, WireType.LengthDelimited).string('step');
  for (const constant of constants) message(writer, 5, () => writeConstant(writer, constant));
  for (const input of inputs) message(writer, 11, () => writeValueInfo(writer, input));
  for (const output of outputs) message(writer, 12, () => writeValueInfo(writer, output));
}

function writeNode(writer: BinaryWriter, { name, op, domain, inputs, outputs, attributes }: ModelNode): void {
  for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input);
  for (const output of outputs) writer.tag(2, WireType.LengthDelimited).string(output);
  writer.tag(3, WireType.LengthDelimited).string(name);
  writer.tag(4, WireType.LengthDelimited).string(op);
  for (const [key, value] of Object.entries(attributes)) message(writer, 5, () => writeAttribute(writer, key, value));
  if (domain !== '') writer.tag(7, WireType.LengthDelimited).string(domain);
}

function writeAttribute(writer: BinaryWriter, name: string, value: Attribute): void {
  const ofType = (type: number): void => void writer.tag(20, WireType.Varint).int32(type);
  writer.tag(1, WireType.LengthDelimited).string(name);
  if (typeof value === 'number') {
    writer.tag(3, WireType.Varint).int64(value);
    ofType(2);
  } else if (typeof value === 'string') {
    writer.tag(4, WireType.LengthDelimited).string(value);
    ofType(3);
  } else if ('float' in value) {
    writer.tag(2, WireType.Bit32).float(value.float);
    ofType(1);
  } else {
    for (const item of value) writer.tag(8, WireType.Varint).int64(item);
    ofType(7);
  }
}

function writeConstant(writer: BinaryWriter, { name, dtype, shape, data }: ModelConstant): void {
  for (const length of shape) writer.tag(1, WireType.Varint).int64(length);
  writer.tag(2, WireType.Varint).int32(DATA_TYPES[dtype]);
  writer.tag(8, WireType.LengthDelimited).string(name);
  writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValueInfo(writer: BinaryWriter, { name, dtype, shape }: ModelTensor): void {
  writer.tag(1, WireType.LengthDelimited).string(name);
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(DATA_TYPES[dtype]);
      message(writer, 2, () => {
        for (const length of shape) message(writer, 1, () => void writer.tag(1, WireType.Varint).int64(length));
      });
    }),
  );
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}
