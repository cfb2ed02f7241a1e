import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { CheckpointError } from '@x/trainer-core';

import { decodeSafetensors, encodeSafetensors, MAX_HEADER_BYTES } from './safetensors.js';

/** A file with the given header text and data. */
function file(header: string, data: Uint8Array = new Uint8Array(0), claimed = header.length): Uint8Array {
  const bytes = Buffer.alloc(8 + header.length + data.length);
  bytes.writeBigUInt64LE(BigInt(claimed));
  bytes.write(header, 8, 'latin1');
  bytes.set(data, 8 + header.length);
  return bytes;
}

function entry(shape: number[], begin: number, end: number, dtype = 'F32'): string {
  return JSON.stringify({ dtype, shape, data_offsets: [begin, end] });
}

test('a file is the header length, a JSON header padded to 8 bytes, and little-endian data', async () => {
  const bytes = await encodeSafetensors({ w: tf.tensor1d([1, -2]) });
  const header = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ';
  expect(Buffer.from(bytes).toString('hex')).toBe(
    `3800000000000000${Buffer.from(header).toString('hex')}` + '0000803f' + '000000c0',
  );
});

test('tensors of every dtype and shape come back bit for bit, in their order', async () => {
  const tensors = {
    mask: tf.tensor([true, false, true], [3], 'bool'),
    weights: tf.tensor([NaN, Infinity, -0, 1e-45, 3.4028234663852886e38, 0.1], [2, 1, 3]),
    count: tf.scalar(-7, 'int32'),
    empty: tf.zeros([0, 4]),
    'name with "quotes", \\ and é': tf.scalar(2),
  };
  const before = tf.memory().numTensors;
  const read = decodeSafetensors(await encodeSafetensors(tensors), 'a file');
  expect(Object.keys(read)).toEqual(Object.keys(tensors));
  for (const [name, tensor] of Object.entries<tf.Tensor>(tensors)) {
    expect(read[name]!.shape).toEqual(tensor.shape);
    expect(read[name]!.dtype).toBe(tensor.dtype);
    expect([...read[name]!.dataSync()].map((x) => Object.is(x, -0))).toEqual(
      [...tensor.dataSync()].map((x) => Object.is(x, -0)),
    );
    expect(read[name]!.dataSync()).toEqual(tensor.dataSync());
  }
  tf.dispose(read);
  expect(tf.memory().numTensors).toBe(before);
});

test('four-byte elements come first in the buffer, so that all data is aligned', async () => {
  const bytes = await encodeSafetensors({ mask: tf.tensor([true], [1], 'bool'), w: tf.scalar(1) });
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as Record<string, unknown>;
  expect(header).toEqual({
    mask: { dtype: 'BOOL', shape: [1], data_offsets: [4, 5] },
    w: { dtype: 'F32', shape: [], data_offsets: [0, 4] },
  });
});

test('metadata of other writers is passed over', () => {
  const read = decodeSafetensors(
    file(`{"__metadata__":{"format":"pt"},"w":${entry([], 0, 4)}}`, new Uint8Array(4)),
    'f',
  );
  expect(Object.keys(read)).toEqual(['w']);
});

test('a file that Python wrote is read', () => {
  // by safetensors 0.8.0: save({'b': [True, False], 'a': [[0, 1, 2], [3, 4, 5]], 'c': 5}, metadata={'format': 'np'})
  const header =
    '{"__metadata__":{"format":"np"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},' +
    '"c":{"dtype":"I32","shape":[],"data_offsets":[24,28]},"b":{"dtype":"BOOL","shape":[2],"data_offsets":[28,30]}}  ';
  const data = '000000000000803f0000004000004040000080400000a040' + '05000000' + '0100';
  const read = decodeSafetensors(file(header, Buffer.from(data, 'hex')), 'f');
  const values = Object.entries(read).map(([name, tensor]) => [name, tensor.dtype, tensor.arraySync()]);
  expect(values).toEqual([
    [
      'a',
      'float32',
      [
        [0, 1, 2],
        [3, 4, 5],
      ],
    ],
    ['c', 'int32', 5],
    ['b', 'bool', [1, 0]],
  ]);
});

test('a dtype that cannot be saved is named', async () => {
  await expect(encodeSafetensors({ words: tf.tensor(['a']) })).rejects.toThrow(
    'the tensor "words" has dtype string; only float32, int32, bool can be saved',
  );
  await expect(encodeSafetensors({ __metadata__: tf.scalar(1) })).rejects.toThrow('cannot be named "__metadata__"');
});

const four = new Uint8Array(4);
const eight = new Uint8Array(8);

test.each([
  ['too short for a length', Buffer.alloc(7), 'it has 7 bytes'],
  ['a header over 100 MB', file('{}', four, MAX_HEADER_BYTES + 1), 'more than the 100000000 allowed'],
  ['a header longer than the file', file('{}', four, 7), 'its header claims 7 bytes, but only 6 follow'],
  ['a header that is not JSON', file('{"w":'), 'its header is not JSON'],
  ['a header that is not UTF-8', file('{"\xff":1}'), 'its header is not JSON'],
  ['a list for a header', file('[]'), 'not a JSON object'],
  ['a key twice', file(`{"w":${entry([], 0, 4)},"w":${entry([], 0, 4)}}`, four), 'the key "w" twice'],
  [
    'a key twice, once escaped',
    file(`{"w":${entry([], 0, 4)},"\\u0077":${entry([], 0, 4)}}`, four),
    'the key "w" twice',
  ],
  [
    'a key twice in an entry',
    file('{"w":{"shape":[],"shape":[],"dtype":"F32","data_offsets":[0,4]}}', four),
    '"shape" twice',
  ],
  ['an entry without a shape', file('{"w":{"dtype":"F32","data_offsets":[0,4]}}', four), 'the entry of "w"'],
  ['a negative dimension', file(`{"w":${entry([-1], 0, 4)}}`, four), 'the entry of "w"'],
  [
    'offsets that do not fit the shape',
    file(`{"w":${entry([2], 0, 4)}}`, four),
    '"w" of shape [2] needs 8 bytes, its offsets give 4',
  ],
  ['offsets that run backwards', file(`{"w":${entry([1], 4, 0)}}`, four), 'its offsets give -4'],
  ['a shape whose size overflows', file(`{"w":${entry([9e15, 9e15, 9e15], 0, 4)}}`, four), 'needs 2.'],
  [
    'a hole at the start',
    file(`{"w":${entry([], 4, 8)}}`, eight),
    'should start at byte 0 of the buffer, but starts at 4',
  ],
  ['an overlap', file(`{"a":${entry([], 0, 4)},"b":${entry([], 0, 4)}}`, four), 'should start at byte 4'],
  ['data that no tensor claims', file(`{"w":${entry([], 0, 4)}}`, eight), 'its tensors take 4 bytes, its buffer has 8'],
  ['data that is cut off', file(`{"w":${entry([2], 0, 8)}}`, four), 'its tensors take 8 bytes, its buffer has 4'],
])('%s is refused, naming the file', (_, bytes, cause) => {
  const before = tf.memory().numTensors;
  const read = (): unknown => decodeSafetensors(bytes, 'runs/best.safetensors');
  expect(read).toThrow(CheckpointError);
  expect(read).toThrow(expect.objectContaining({ code: 'X_CHECKPOINT_CORRUPT' }));
  expect(read).toThrow('runs/best.safetensors is not a valid safetensors file: ');
  expect(read).toThrow(cause);
  expect(tf.memory().numTensors).toBe(before);
});

test('keys and braces inside of strings are not mistaken for structure', () => {
  const names = ['{', '}', '":', '"w":', '\\'];
  const header = names.map((name, i) => `${JSON.stringify(name)}:${entry([], 4 * i, 4 * i + 4)}`).join(',');
  const read = decodeSafetensors(file(`{${header}}`, new Uint8Array(4 * names.length)), 'f');
  expect(Object.keys(read)).toEqual(names);
});

test('a dtype that tfjs does not have is refused without calling the file damaged', () => {
  const read = (): unknown => decodeSafetensors(file(`{"w":${entry([2], 0, 4, 'F16')}}`, four), 'half.safetensors');
  expect(read).toThrow(expect.objectContaining({ code: 'X_CHECKPOINT' }));
  expect(read).toThrow('half.safetensors cannot be read: "w" has dtype F16, supported are F32, I32, BOOL');
});
