import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { StateDict } from '@x/trainer-core';

import { decodeState, encodeState } from './state-json.js';

test('JSON values come back, and numbers exactly', () => {
  const state: StateDict = {
    epoch: 3,
    numbers: [0, -0, NaN, Infinity, -Infinity, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1],
    nested: { list: [[], {}, [null, true, 'NaN']], text: '"\n\u2028é' },
  };
  const { json, tensors } = encodeState(state);
  const read = decodeState(json, tensors, 'a file');
  expect(read).toEqual(state);
  expect((read['numbers'] as number[]).map((x) => Object.is(x, -0))).toEqual([
    false,
    true,
    ...Array<boolean>(7).fill(false),
  ]);
});

test('tensors are leaves, named by their place', () => {
  const [a, b] = [tf.scalar(1), tf.scalar(2)];
  const state: StateDict = { optimizer: { 'hidden.w': [a, { 'x/y~z': b }] } };
  const { json, tensors } = encodeState(state);
  expect(tensors).toEqual({ '/optimizer/hidden.w/0': a, '/optimizer/hidden.w/1/x~1y~0z': b });
  expect(decodeState(json, tensors, 'a file')).toEqual(state);
});

test('keys that would share a dotted path stay apart', () => {
  const [a, b, c] = [tf.scalar(1), tf.scalar(2), tf.scalar(3)];
  const state: StateDict = { 'w.m': a, w: { m: b }, 'w/m': c };
  const { json, tensors } = encodeState(state);
  const read = decodeState(json, tensors, 'a file') as { 'w.m': tf.Tensor; w: { m: tf.Tensor }; 'w/m': tf.Tensor };
  expect([read['w.m'], read.w.m, read['w/m']]).toEqual([a, b, c]);
});

test('a state may use the keys of the encoding', () => {
  const state: StateDict = { a: { $number: 'NaN' }, b: { $tensor: '/x' }, c: { $$number: 1 }, $: [{ $number: 1 }] };
  const { json, tensors } = encodeState(state);
  expect(decodeState(json, tensors, 'a file')).toEqual(state);
});

test('entries without a value are left out, as in JSON', () => {
  const { json } = encodeState({ lr: 1, parameterGroups: undefined } as unknown as StateDict);
  expect(JSON.parse(json)).toEqual({ lr: 1 });
});

test.each([
  ['a function', () => 1, '[object Function]'],
  ['a typed array', new Float32Array(1), '[object Float32Array]'],
  ['a date', new Date(0), '[object Date]'],
  ['a bigint', 1n, '[object BigInt]'],
])('%s cannot be saved, and its place is named', (_, value, kind) => {
  const encode = (): unknown => encodeState({ callbacks: [{ value }] } as unknown as StateDict);
  expect(encode).toThrow(expect.objectContaining({ code: 'X_CHECKPOINT' }));
  expect(encode).toThrow(`at /callbacks/0/value it has ${kind}`);
});

test.each([
  ['JSON that is cut off', '{"a":', {}, 'state.json is not JSON'],
  ['a missing tensor', '{"a":{"$tensor":"/a"}}', {}, 'state.json does not belong to its tensors: the tensor /a'],
  ['a tensor that is not mentioned', '{}', { '/a': tf.scalar(1) }, 'it does not mention the tensors /a'],
])('%s is noticed', (_, json, tensors, message) => {
  const decode = (): unknown => decodeState(json, tensors, 'state.json');
  expect(decode).toThrow(expect.objectContaining({ code: 'X_CHECKPOINT_CORRUPT' }));
  expect(decode).toThrow(message);
});
