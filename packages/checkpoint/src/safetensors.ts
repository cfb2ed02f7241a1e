import * as tf from '@tensorflow/tfjs-core';
import type { TensorMap } from '@x/trainer-core';
import { CheckpointError } from '@x/trainer-core';
import { z } from 'zod';

/** The largest header that the reference implementation accepts, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

type TypedArray = Float32Array | Int32Array | Uint8Array;

interface ElementType {
  /** The name in the file. */
  readonly code: string;
  readonly bytes: number;
  /** The elements in a part of a buffer, which starts at a multiple of their size. */
  view(buffer: ArrayBuffer, begin: number, length: number): TypedArray;
}

const ELEMENT_TYPES: Readonly<Record<string, ElementType>> = {
  float32: { code: 'F32', bytes: 4, view: (...place) => new Float32Array(...place) },
  int32: { code: 'I32', bytes: 4, view: (...place) => new Int32Array(...place) },
  bool: { code: 'BOOL', bytes: 1, view: (...place) => new Uint8Array(...place) },
};

const Entry = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/** A tensor as the header describes it, checked. */
interface Described {
  readonly name: string;
  readonly dtype: string;
  readonly type: ElementType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Tensors as a safetensors file: the header's length (8 bytes, little-endian), a JSON header, and the data without gaps.
 * The header lists tensors in the order of `tensors`; in the buffer four-byte elements come before one-byte ones, so that
 * all of them are aligned.
 *
 * Format: https://github.com/huggingface/safetensors#format
 *
 * @throws CheckpointError (`X_CHECKPOINT`) for a dtype other than float32, int32 and bool.
 */
export async function encodeSafetensors(tensors: Readonly<TensorMap>): Promise<Uint8Array> {
  const parts = Object.entries(tensors).map(([name, tensor]) => {
    const type = elementTypeOf(name, tensor);
    return { name, tensor, type, bytes: tensor.size * type.bytes };
  });
  const laidOut = [...parts].sort((a, b) => b.type.bytes - a.type.bytes);
  const begins = new Map<string, number>();
  let dataBytes = 0;
  for (const { name, bytes } of laidOut) {
    begins.set(name, dataBytes);
    dataBytes += bytes;
  }
  const header = encodeHeader(
    parts.map(({ name, tensor, type, bytes }) => {
      const begin = begins.get(name)!;
      return [name, { dtype: type.code, shape: tensor.shape, data_offsets: [begin, begin + bytes] }];
    }),
  );
  const file = new Uint8Array(8 + header.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  // one after the other: a backend that hands out copies holds one tensor's at a time
  for (const { name, tensor } of laidOut) {
    const data: TypedArray = await tensor.data();
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    file.set(bytes, 8 + header.length + begins.get(name)!);
  }
  return file;
}

/**
 * The tensors of a safetensors file, in the order of its header. The caller owns them. On backends that compute on the host
 * they are parts of `bytes`, which nobody may change afterwards.
 *
 * Everything is checked before the first tensor is made: the header's size, duplicate keys, dtypes, shapes, and that the
 * offsets cover the buffer without holes and overlaps.
 *
 * @param file what error messages call the file.
 * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`) naming the file and the cause.
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): TensorMap {
  const described = readHeader(bytes, file);
  const start = bytes.length - described.dataBytes;
  return Object.fromEntries(
    described.tensors.map(({ name, dtype, type, shape, begin, end }) => {
      const values = elements(bytes.subarray(start + begin, start + end), type);
      return [name, tf.tensor(values, shape, dtype as tf.DataType)];
    }),
  );
}

/** In place where their alignment allows it, as in all files that are written here; else copied. */
function elements(bytes: Uint8Array, type: ElementType): TypedArray {
  const aligned = bytes.byteOffset % type.bytes === 0 ? bytes : new Uint8Array(bytes);
  return type.view(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.length / type.bytes);
}

function elementTypeOf(name: string, tensor: tf.Tensor): ElementType {
  const type = ELEMENT_TYPES[tensor.dtype];
  if (type !== undefined && name !== '__metadata__') return type;
  throw new CheckpointError(
    'X_CHECKPOINT',
    type === undefined
      ? `the tensor "${name}" has dtype ${tensor.dtype}; only ${Object.keys(ELEMENT_TYPES).join(', ')} can be saved`
      : 'a tensor cannot be named "__metadata__": safetensors files keep their metadata under that name',
  );
}

/** The header as bytes, padded with spaces so that the data starts at a multiple of 8. */
function encodeHeader(entries: readonly (readonly [string, unknown])[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  if (padded.length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      'X_CHECKPOINT',
      `the names and shapes of the tensors take ${padded.length} bytes; safetensors allows ${MAX_HEADER_BYTES}`,
    );
  }
  return padded;
}

function readHeader(bytes: Uint8Array, file: string): { tensors: Described[]; dataBytes: number } {
  if (bytes.length < 8) throw corrupt(file, `it has ${bytes.length} bytes, less than the 8 of the header's length`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw corrupt(file, `its header claims ${length} bytes, more than the ${MAX_HEADER_BYTES} allowed`);
  }
  if (length > BigInt(bytes.length - 8)) {
    throw corrupt(file, `its header claims ${length} bytes, but only ${bytes.length - 8} follow`);
  }
  const dataBytes = bytes.length - 8 - Number(length);
  const header = parseHeader(bytes.subarray(8, 8 + Number(length)), file);
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => describe(name, entry, file));
  checkTiling(tensors, dataBytes, file);
  return { tensors, dataBytes };
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw corrupt(file, `its header is not JSON (${(error as Error).message})`, error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw corrupt(file, 'its header is not a JSON object');
  }
  const duplicate = duplicateKey(text);
  if (duplicate !== undefined) throw corrupt(file, `its header has the key "${duplicate}" twice`);
  return header as Record<string, unknown>;
}

/** The first key that occurs twice in one object of a valid JSON text: `JSON.parse` keeps the last one silently. */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, colon] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)) as string;
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
  }
  return undefined;
}

function describe(name: string, entry: unknown, file: string): Described {
  const result = Entry.safeParse(entry);
  if (!result.success) {
    throw corrupt(file, `the entry of "${name}" in its header is not valid: ${z.prettifyError(result.error)}`);
  }
  const {
    dtype: code,
    shape,
    data_offsets: [begin, end],
  } = result.data;
  const known = Object.entries(ELEMENT_TYPES).find(([, { code: own }]) => own === code);
  if (known === undefined) {
    throw new CheckpointError(
      'X_CHECKPOINT',
      `${file} cannot be read: "${name}" has dtype ${code}, supported are ` +
        `${Object.values(ELEMENT_TYPES)
          .map((type) => type.code)
          .join(', ')}; convert the file first`,
    );
  }
  const [dtype, type] = known;
  const expected = shape.reduce((size, dimension) => size * dimension, type.bytes);
  if (end - begin !== expected) {
    throw corrupt(
      file,
      `"${name}" of shape [${shape.join(', ')}] needs ${expected} bytes, its offsets give ${end - begin}`,
    );
  }
  return { name, dtype, type, shape, begin, end };
}

function checkTiling(tensors: readonly Described[], dataBytes: number, file: string): void {
  let covered = 0;
  for (const { name, begin, end } of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      throw corrupt(
        file,
        `the data of "${name}" should start at byte ${covered} of the buffer, but starts at ${begin}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) throw corrupt(file, `its tensors take ${covered} bytes, its buffer has ${dataBytes}`);
}

function corrupt(file: string, cause: string, error?: unknown): CheckpointError {
  return new CheckpointError('X_CHECKPOINT_CORRUPT', `${file} is not a valid safetensors file: ${cause}`, {
    cause: error,
  });
}
