import { createHash } from 'node:crypto';

import type { HostArray } from './target.js';

/** One thing that a traced program did. Two traces of a repeatable program did the same things. */
export interface RecordedCall {
  /** What it was: `kernel Add`, `constant float32[3]`, `state parameters/w`. */
  readonly what: string;
  /** Everything that decides what it computes, as text: inputs by their number, attributes, elements. */
  readonly details: string;
  /** The user's line, where it was asked for. */
  readonly where: string;
}

/** What a traced program did, in order. */
export class Recording {
  readonly calls: RecordedCall[] = [];

  add(what: string, details: string, where = ''): void {
    this.calls.push({ what, details, where });
  }
}

/** A text that differs where elements do. */
export function fingerprint(data: HostArray): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data.length <= 4) return [...data].map((x) => (Object.is(x, -0) ? '-0' : String(x))).join();
  return createHash('sha1').update(bytes).digest('base64');
}

/** Attributes of a kernel as text. JSON has no NaN, infinities, -0 and undefined. */
export function attributesText(attributes: object): string {
  return JSON.stringify(attributes, (_, value: unknown) => {
    if (Object.is(value, -0)) return 'number -0';
    if (typeof value === 'number' && !Number.isFinite(value)) return `number ${value}`;
    if (ArrayBuffer.isView(value)) return Array.from(value as HostArray);
    return value;
  });
}

/** Where two recordings part: the number of the call, and in words; undefined if they are the same. */
export function difference(
  first: Recording,
  second: Recording,
): { readonly index: number; readonly text: string } | undefined {
  const length = Math.max(first.calls.length, second.calls.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [first.calls[index], second.calls[index]];
    if (a?.what === b?.what && a?.details === b?.details) continue;
    return { index, text: `${inWords(a, b)} at one time, ${inWords(b, a)} at another` };
  }
  return undefined;
}

function inWords(call: RecordedCall | undefined, other: RecordedCall | undefined): string {
  if (call === undefined) return 'nothing more';
  if (call.what !== other?.what) return call.what;
  const at = [...call.details].findIndex((letter, i) => letter !== other.details[i]);
  const from = Math.max(0, at - 30);
  return `${call.what} of ${from > 0 ? '…' : ''}${call.details.slice(from, at + 50)}`;
}
