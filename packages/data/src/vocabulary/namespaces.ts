import { ConfigError } from '@x/trainer-core';

/** The namespaces that have neither padding nor an unknown token unless told otherwise: those of tags and labels. */
export const DEFAULT_NON_PADDED_NAMESPACES: readonly string[] = ['*tags', '*labels'];

/** Whether a namespace is meant by one of the patterns: its name, or `*` and the end of its name. */
export function isListed(namespace: string, patterns: Iterable<string>): boolean {
  return [...patterns].some((pattern) =>
    pattern.startsWith('*') ? namespace.endsWith(pattern.slice(1)) : namespace === pattern,
  );
}

/** The file that lists the patterns in a saved vocabulary, without its ending. */
export const NON_PADDED_FILE = 'non_padded_namespaces';

/** @throws ConfigError for a namespace that cannot be the name of a file, which it becomes when it is saved. */
export function checkNamespace(namespace: string): void {
  if (/^[^./\\][^/\\]*$/.test(namespace) && namespace !== NON_PADDED_FILE) return;
  throw ConfigError.of(
    'X_CONFIG_INVALID',
    'vocabulary',
    `${JSON.stringify(namespace)} cannot be a namespace, which is saved as a file of its name; ` +
      `it must not be "${NON_PADDED_FILE}", be empty, start with a dot or have a slash`,
  );
}
