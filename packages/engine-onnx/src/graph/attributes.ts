import type { Attributes } from './value.js';

/** What has attributes: a node, or a value for its node. */
interface Attributed {
  readonly attributes: Attributes;
}

/** An attribute that is a list of whole numbers. */
export function intsOf({ attributes }: Attributed, name: string): readonly number[] {
  return attributes[name] as readonly number[];
}

/** An attribute that is a whole number. */
export function intOf({ attributes }: Attributed, name: string): number {
  return attributes[name] as number;
}

/** An attribute that is marked as a float. */
export function floatOf({ attributes }: Attributed, name: string): number {
  return (attributes[name] as { readonly float: number }).float;
}

/** The elements that a `Pad` adds [before, after] each axis. */
export function paddingsOf(pad: Attributed): (readonly [before: number, after: number])[] {
  const pads = intsOf(pad, 'pads');
  const rank = pads.length / 2;
  return pads.slice(0, rank).map((before, i) => [before, pads[rank + i]!]);
}
