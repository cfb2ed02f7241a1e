import { attributesText, difference, fingerprint, Recording } from './recording.js';

function recorded(...calls: readonly (readonly [what: string, details: string])[]): Recording {
  const recording = new Recording();
  for (const [what, details] of calls) recording.add(what, details);
  return recording;
}

describe('two recordings', () => {
  const first = recorded(['kernel Add', 'a=0,b=1 {}'], ['kernel Sum', 'x=2 {"axis":[0]}']);

  it('do not differ if each call is the same, wherever it was made', () => {
    const second = new Recording();
    for (const { what, details } of first.calls) second.add(what, details, 'model.ts:1:1');
    expect(difference(first, second)).toBeUndefined();
  });

  it('differ in the first call that is another', () => {
    const second = recorded(['kernel Add', 'a=0,b=1 {}'], ['kernel Mean', 'x=2 {"axis":[0]}'], ['kernel Exp', 'x=3']);
    expect(difference(first, second)).toEqual({ index: 1, text: 'kernel Sum at one time, kernel Mean at another' });
  });

  it('differ in details, of which is shown where they part', () => {
    const long = 'x'.repeat(100);
    const [a, b] = [recorded(['constant float32[3]', `${long}1`]), recorded(['constant float32[3]', `${long}2`])];
    expect(difference(a, b)!.text).toBe(
      `constant float32[3] of …${'x'.repeat(30)}1 at one time, constant float32[3] of …${'x'.repeat(30)}2 at another`,
    );
  });

  it('differ if one goes on', () => {
    const shorter = recorded(['kernel Add', 'a=0,b=1 {}']);
    expect(difference(first, shorter)).toEqual({ index: 1, text: 'kernel Sum at one time, nothing more at another' });
    expect(difference(shorter, first)!.text).toBe('nothing more at one time, kernel Sum at another');
  });
});

describe('elements are told apart', () => {
  it.each<[Float32Array | Int32Array | Uint8Array, Float32Array | Int32Array | Uint8Array]>([
    [Float32Array.of(0), Float32Array.of(-0)],
    [Float32Array.of(1), Float32Array.of(1 + 2 ** -23)],
    [Float32Array.of(Number.NaN), Float32Array.of(Infinity)],
    [new Float32Array(100), new Float32Array(100).fill(-0)],
    [new Float32Array(100), Float32Array.from({ length: 100 }, (_, i) => (i === 99 ? 1e-45 : 0))],
  ])('%p and %p', (a, b) => {
    expect(fingerprint(a)).not.toBe(fingerprint(b));
    expect(fingerprint(a)).toBe(fingerprint(a.slice()));
  });

  it('where they are part of a larger array too', () => {
    const all = Float32Array.from({ length: 20 }, (_, i) => i % 10);
    expect(fingerprint(all.subarray(0, 10))).toBe(fingerprint(all.subarray(10)));
    expect(fingerprint(all.subarray(0, 10))).not.toBe(fingerprint(all.subarray(1, 11)));
  });
});

it('attributes differ where JSON would not tell', () => {
  const values = [
    0,
    -0,
    null,
    Number.NaN,
    Infinity,
    -Infinity,
    1,
    '1',
    [1],
    Float32Array.of(1, 2),
    Float32Array.of(1, 3),
  ];
  expect(new Set(values.map((value) => attributesText({ value }))).size).toBe(values.length);
});
