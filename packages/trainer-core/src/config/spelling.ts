import { closest, distance } from 'fastest-levenshtein';

/** The camelCase form of a snake_case key, also of torch's `T_max`; other keys as they are. */
export function camelCase(key: string): string {
  const lower = key.replace(/^[A-Z](?=_)/, (letter) => letter.toLowerCase());
  return lower.replace(/(?<=[^_])_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The key of `object` that `key` is one spelling of: itself, or the other of snake_case and camelCase. */
export function keyIn(object: Readonly<Record<string, unknown>>, key: string): string | undefined {
  if (Object.hasOwn(object, key)) return key;
  return Object.keys(object).find((other) => camelCase(other) === camelCase(key));
}

/** The known name that was probably meant, or undefined if none is close. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(name, [...known]);
  return distance(name, best) <= Math.max(2, name.length / 3) ? best : undefined;
}

/** A noun with its indefinite article. */
export function oneOf(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}
