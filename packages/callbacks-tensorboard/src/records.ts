import { DataError } from '@x/trainer-core';

import { maskedCrc32c } from './crc32c.js';

const LENGTH_BYTES = 8;
const CRC_BYTES = 4;
const HEADER_BYTES = LENGTH_BYTES + CRC_BYTES;

/**
 * A record of a TFRecord file: length (uint64), masked CRC-32C of the length, data, masked CRC-32C of the data, all
 * little-endian.
 *
 * Format: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + data.length + CRC_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(LENGTH_BYTES, maskedCrc32c(record.subarray(0, LENGTH_BYTES)), true);
  record.set(data, HEADER_BYTES);
  view.setUint32(HEADER_BYTES + data.length, maskedCrc32c(data), true);
  return record;
}

/**
 * The data of every complete record, in order. A last record that is cut off ends the list: its writer was stopped, or
 * is still writing.
 *
 * @param file what error messages call the file.
 * @throws DataError (`X_DATA_INVALID`) naming the file and the byte where a checksum is wrong.
 */
export function* decodeRecords(bytes: Uint8Array, file: string): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const length = Number(view.getBigUint64(at, true));
    check(bytes.subarray(at, at + LENGTH_BYTES), view.getUint32(at + LENGTH_BYTES, true), file, at);
    const begin = at + HEADER_BYTES;
    const end = begin + length;
    if (end + CRC_BYTES > bytes.length) return;
    const data = bytes.subarray(begin, end);
    check(data, view.getUint32(end, true), file, begin);
    yield data;
    at = end + CRC_BYTES;
  }
}

function check(data: Uint8Array, expected: number, file: string, at: number): void {
  if (maskedCrc32c(data) === expected) return;
  throw new DataError(
    'X_DATA_INVALID',
    `${file} is damaged: the checksum of the ${data.length} bytes at byte ${at} is wrong; it is not an event file, or was changed after it was written`,
  );
}
