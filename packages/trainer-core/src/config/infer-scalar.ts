const NUMBER = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i;
const SPECIAL = /^(?<sign>[+-]?)(?:(?<nan>nan)|inf|infinity)$/i;

/**
 * The boolean or number that a text reads like, else the text: `true` and `false` in any case, and what Python reads as
 * an integer or float (`-4`, `1.5`, `1e3`, `nan`), with or without blanks around it. The original's `infer_and_cast`.
 */
export function inferScalar(text: string): string | number | boolean {
  const word = text.toLowerCase();
  if (word === 'true' || word === 'false') return word === 'true';
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) return Number(trimmed.replaceAll('_', ''));
  const special = SPECIAL.exec(trimmed)?.groups;
  if (special === undefined) return text;
  if (special['nan'] !== undefined) return Number.NaN;
  return special['sign'] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
