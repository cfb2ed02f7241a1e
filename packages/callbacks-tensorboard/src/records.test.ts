import { decodeRecords, encodeRecord } from './records.js';

const texts = ['first', '', 'a third record'];
const file = Buffer.concat(texts.map((text) => encodeRecord(Buffer.from(text))));
const read = (bytes: Uint8Array): string[] =>
  [...decodeRecords(bytes, 'events')].map((data) => Buffer.from(data).toString());

test('a record is length, its checksum, data, its checksum', () => {
  // as tensorboard 2.21.0 writes it (RecordWriter)
  const expected = '0900000000000000' + '37f97139' + '313233343536373839' + 'e5b08ac7';
  expect(Buffer.from(encodeRecord(Buffer.from('123456789'))).toString('hex')).toBe(expected);
});

test('records come back', () => {
  expect(read(file)).toEqual(texts);
});

test('a file that is cut anywhere gives the records before the cut', () => {
  const ends = [16 + 5, 16 + 5 + 16, 16 + 5 + 16 + 16 + 14];
  for (let length = 0; length <= file.length; length += 1) {
    expect(read(file.subarray(0, length))).toEqual(texts.slice(0, ends.filter((end) => end <= length).length));
  }
});

test('a flipped bit is noticed wherever it is', () => {
  for (let bit = 0; bit < file.length * 8; bit += 1) {
    const flipped = Buffer.from(file);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => read(flipped)).toThrow(/^events is damaged: the checksum of the \d+ bytes at byte \d+ is wrong/);
  }
});
