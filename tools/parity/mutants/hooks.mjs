let mutant;

export function initialize(data) {
  mutant = data;
}

/** Replaces the text of the mutant in its file, which must hold it exactly once. */
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith(`/packages/${mutant.file}`)) return loaded;
  const pieces = String(loaded.source).split(mutant.from);
  if (pieces.length !== 2) {
    throw new Error(`mutant "${mutant.rule}": ${mutant.file} holds its text ${pieces.length - 1} times, expected once`);
  }
  return { ...loaded, source: pieces.join(mutant.to) };
}
