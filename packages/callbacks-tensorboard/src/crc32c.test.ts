import { crc32c, maskedCrc32c } from './crc32c.js';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

// "123456789" is the usual check value; the rest is RFC 3720, appendix B.4
test.each([
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', bytes(), 0],
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 increasing bytes', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 decreasing bytes', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
])('the checksum of %s', (_, data, expected) => {
  expect(crc32c(data)).toBe(expected);
});

test('the mask rotates and adds', () => {
  // of nothing: 0 rotated is 0, plus the constant of the format
  expect(maskedCrc32c(bytes())).toBe(0xa282ead8);
  // 0xe3069283 rotated right by 15 is 0x2507c60d
  expect(maskedCrc32c(new TextEncoder().encode('123456789'))).toBe((0x2507c60d + 0xa282ead8) % 2 ** 32);
});
