import { inspect, types } from 'node:util';

/** A value as a message shows it: its kind, and the start of its text. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'function') return `function ${value.name}`;
  if (Array.isArray(value)) return `a list ${text(value)}`;
  if (typeof value === 'string') return `string ${text(value)}`;
  if (typeof value !== 'object') return `${typeof value} ${inspect(value)}`;
  const { name } = (value.constructor ?? Object) as { name: string };
  return name === 'Object' ? `an object ${text(value)}` : `an instance of ${name}`;
}

function text(value: unknown): string {
  const json = JSON.stringify(value, (_, item: unknown) => (isInstance(item) ? `[${item.constructor.name}]` : item));
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

/** What a thrown value says. */
export function messageOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}

/** Instances may be huge, or hold themselves. */
function isInstance(item: unknown): item is object {
  return (
    typeof item === 'object' &&
    item !== null &&
    !Array.isArray(item) &&
    !['Object', undefined].includes(item.constructor?.name)
  );
}
