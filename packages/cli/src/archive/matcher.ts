/**
 * Whether a path is named by one of some patterns, or lies in a folder that is. `*` stands for any part of a name and `?`
 * for one character; neither for a slash.
 */
export function matcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    const source = pattern
      .replace(/^\.\//, '')
      .replace(/\/+$/, '')
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]');
    return new RegExp(`^${source}(/|$)`);
  });
  return (path) => expressions.some((expression) => expression.test(path));
}
