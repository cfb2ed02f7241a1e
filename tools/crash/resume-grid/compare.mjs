/** The places where two plain values differ, at most `limit` of them. */
export function differences(expected, actual, path = '', limit = 5) {
  if (Object.is(expected, actual)) return [];
  const deep = (value) => typeof value === 'object' && value !== null;
  if (!deep(expected) || !deep(actual)) return [`${path}: ${short(expected)} became ${short(actual)}`];
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...keys].flatMap((key) => differences(expected[key], actual[key], `${path}.${key}`, limit)).slice(0, limit);
}

/**
 * The differences between the lines of a run that was not stopped and those of the starts of a run that was: together they
 * are the same lines, and what was done twice was logged twice alike.
 */
export function lineDifferences(expected, starts) {
  const twice = starts.flatMap((lines, i) => starts.slice(i + 1).flatMap((later) => differing(lines, later)));
  const all = new Map(starts.flatMap((lines) => [...lines]));
  return [...twice, ...differences(Object.fromEntries(expected), Object.fromEntries(all), 'log')];
}

function differing(lines, later) {
  return [...lines].flatMap(([key, text]) =>
    later.has(key) && later.get(key) !== text
      ? [`logged twice, ${key}: ${short(text)} and ${short(later.get(key))}`]
      : [],
  );
}

function short(value) {
  const text = String(JSON.stringify(value));
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
