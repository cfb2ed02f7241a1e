import { Mismatch } from './outcome.mjs';

const SPECIAL = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY };

/** A number of a fixture, where non-finite ones are strings. */
export function number(value) {
  return typeof value === 'string' && value in SPECIAL ? SPECIAL[value] : value;
}

/**
 * Compares deeply. Numbers may differ by `tolerance`, relative to max(1, |expected|); everything else must be equal. Keys
 * that only the received object has are ignored: fixtures list what they pin.
 */
export function compare(expected, received, at, tolerance) {
  const wanted = number(expected);
  if (typeof wanted === 'number') return compareNumber(wanted, received, at, tolerance);
  if (Array.isArray(expected)) {
    if (received === undefined || received === null || expected.length !== received.length)
      throw new Mismatch(at, expected, received);
    expected.forEach((item, i) => compare(item, received[i], `${at}[${i}]`, tolerance));
    return;
  }
  if (expected !== null && typeof expected === 'object') {
    if (received === null || typeof received !== 'object') throw new Mismatch(at, expected, received);
    for (const [key, item] of Object.entries(expected)) compare(item, received[key], `${at}.${key}`, tolerance);
    return;
  }
  if (expected !== (received ?? null)) throw new Mismatch(at, expected, received);
}

function compareNumber(expected, received, at, tolerance) {
  const value = number(received);
  if (typeof value !== 'number') throw new Mismatch(at, expected, received);
  if (Object.is(expected, value) || expected === value) return;
  const gap = Math.abs(expected - value);
  if (!Number.isFinite(expected) || !(gap <= tolerance * Math.max(1, Math.abs(expected))))
    throw new Mismatch(at, expected, value);
}
