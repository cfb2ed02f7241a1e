/** A value as a message shows it: its kind, and the start of its text. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'function') return `function ${value.name}`;
  if (Array.isArray(value)) return `a list ${text(value)}`;
  if (typeof value !== 'object') return `${typeof value} ${typeof value === 'string' ? text(value) : String(value)}`;
  const { name } = (value.constructor ?? Object) as { name: string };
  return name === 'Object' ? `an object ${text(value)}` : `an instance of ${name}`;
}

function text(value: unknown): string {
  const json = JSON.stringify(value, (_, item: unknown) => (isInstance(item) ? `[${item.constructor.name}]` : item));
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

/** Instances may be huge, or hold themselves. */
function isInstance(item: unknown): item is object {
  return typeof item === 'object' && item !== null && !Array.isArray(item) && !['Object', undefined].includes(item.constructor?.name);
}
