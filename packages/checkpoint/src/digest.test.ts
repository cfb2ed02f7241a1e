import { digestInSteps, RunningDigest } from './digest.js';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
/** A million times the letter a. */
const LONG = 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0';
/** Five million times, by Python's hashlib. */
const IN_STEPS = '7f4a285193573e707fcb6398222c00f044745cd2930e41d28d30da87d6ca183f';

test('a digest is the size and the SHA-256 (test vectors of FIPS 180-2)', async () => {
  expect(await digestInSteps(text('abc'))).toEqual({ bytes: 3, sha256: ABC });
  expect(await digestInSteps(text('a'.repeat(1_000_000)))).toEqual({ bytes: 1_000_000, sha256: LONG });
  expect(await digestInSteps(text('a'.repeat(5_000_000)))).toEqual({ bytes: 5_000_000, sha256: IN_STEPS });
});

test('it is the same in pieces, and where the pieces were not seen', () => {
  const inPieces = new RunningDigest();
  for (const piece of ['a', '', 'bc']) inPieces.add(text(piece));
  expect(inPieces.of(text('abc'))).toBe(ABC);
  expect(new RunningDigest().of(text('abc'))).toBe(ABC);
});
