import type { RawConfig } from './read-config.js';
import { writtenConfig } from './written-config.js';

/**
 * A number, as text, that tells configs apart, for names of runs. The order of keys does not matter; everything else,
 * also which spelling a key has, does.
 *
 * It is the original's `Params.get_hash()`: the Adler-32 sum of the config as Python writes it with sorted keys. Only a
 * float without fraction (`1.0`) gives another number there, since JSON in JavaScript has no such thing: it is 1.
 */
export function configHash(config: RawConfig): string {
  return String(adler32(Buffer.from(pythonJson(writtenConfig(config)))));
}

/** `json.dumps(value, sort_keys=True)` of Python: ASCII only, blanks after separators. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'number') return pythonNumber(value);
  if (typeof value === 'string') return ascii(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => byCodePoints(a, b));
  return `{${entries.map(([key, item]) => `${ascii(JSON.stringify(key))}: ${pythonJson(item)}`).join(', ')}}`;
}

function ascii(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Python's `repr` of a number: the same shortest digits as here, but with an exponent below 1e-4 and from 1e16 on. */
function pythonNumber(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return String(value);
  return value.toExponential().replace(/(?<=e[+-])(?=\d$)/, '0');
}

/** The order of UTF-8 is that of code points. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** RFC 1950, section 9. */
function adler32(bytes: Uint8Array): number {
  let low = 1;
  let high = 0;
  for (const byte of bytes) {
    low = (low + byte) % 65521;
    high = (high + low) % 65521;
  }
  return high * 65536 + low;
}
