import { configHash } from './config-hash.js';

// Expected: zlib.adler32(json.dumps(config, sort_keys=True).encode()) in Python.
test.each<[string, object, string]>([
  ['objects, lists and null', { a: { b: 1, c: { d: [1, { e: 2 }] } }, f: null, g: {} }, '3720089630'],
  ['nothing', {}, '24445177'],
  ['letters beyond ASCII', { b: 1, a: 'é' }, '1145177480'],
  ['numbers', { x: [0.1, 1e-5, 0.0001, 1.5e-7, 1e22, 123456789.25, -3, true, false] }, '1413353804'],
  ['signs of all kinds', { 'a"\\\n\u007f😀': '\u2028' }, '4134603685'],
  ['keys by code points', { '\uffff': 1, '😀': 2, B: 3, a: 4 }, '412421161'],
])('%s', (_, config, hash) => {
  expect(configHash({ ...config })).toBe(hash);
});

test('the order of keys does not matter, the spelling does', () => {
  expect(configHash({ a: 1, b: { c: 2, d: 3 } })).toBe(configHash({ b: { d: 3, c: 2 }, a: 1 }));
  expect(configHash({ num_epochs: 1 })).not.toBe(configHash({ numEpochs: 1 }));
});
