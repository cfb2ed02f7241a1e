import { z } from 'zod';

import { ConfigError } from '../errors.js';

/** The text of a regular expression that is searched in names: see {@link searchPattern}. */
export const pattern: z.ZodType<string, string> = z.string().superRefine((source, context) => {
  const compiled = compile(source);
  if (typeof compiled === 'string') context.addIssue({ code: 'custom', message: compiled });
});

/**
 * A regular expression to search names with. A text may be JavaScript's, or Python's where that differs: `(?P<name>...)`
 * and `(?P=name)`, `\A` and `\Z`, the flags `(?i)`, `(?m)` and `(?s)` at the start, `(?#...)`, `{,n}`, `[]...]`. Characters
 * are ASCII in `\w`, `\d` and `\b`.
 *
 * @throws ConfigError (`X_CONFIG_INVALID`) if it is not valid.
 */
export function searchPattern(source: string | RegExp): RegExp {
  // A sticky or global expression would go on where its last search ended.
  if (source instanceof RegExp) return new RegExp(source.source, source.flags.replace(/[gy]/g, ''));
  const compiled = compile(source);
  if (typeof compiled !== 'string') return compiled;
  throw ConfigError.of('X_CONFIG_INVALID', `"${source}"`, compiled, 'the search in names');
}

/** The expression, or what is wrong with it. */
function compile(source: string): RegExp | string {
  const [flagGroups] = FLAGS_AT_START.exec(source)!;
  const flags = new Set(flagGroups.replace(/\W/g, ''));
  const unknown = [...flags].find((flag) => !(flag in FLAGS));
  if (unknown !== undefined) return `${INVALID}: the flag (?${unknown}) has no counterpart in JavaScript`;
  try {
    const translated = source.slice(flagGroups.length).replace(PYTHON, (...match) => translate(match.at(-1) as Parts));
    return new RegExp(translated, [...flags].map((flag) => FLAGS[flag]).join(''));
  } catch (error) {
    return `${INVALID}: ${(error as Error).message}`;
  }
}

const INVALID = 'is not a valid regular expression';

const FLAGS_AT_START = /^(?:\(\?[a-zA-Z]+\))*/;

/** JavaScript's flags by Python's; that `\w` is Unicode (`u`) or ASCII (`a`) is no flag of JavaScript. */
const FLAGS: Readonly<Record<string, string>> = { i: 'i', m: 'm', s: 's', u: '', a: '' };

/** What may have to be written differently: whole character classes, escapes, and groups of Python's own. */
const PYTHON = new RegExp(
  [
    /\[(?<not>\^?)(?<first>\]?)(?<others>(?:\\[^]|[^\]\\])*)\]/,
    /\\(?<escape>[^])/,
    /\(\?P<(?<group>[^>]*)>/,
    /\(\?P=(?<reference>[^)]*)\)/,
    /\(\?#[^)]*\)/,
    /\{,(?<most>\d+)\}/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

type Parts = Readonly<Record<string, string | undefined>>;

function translate({ not, first, others, escape, group, reference, most }: Parts): string {
  if (others !== undefined) return `[${not}${first === '' ? '' : '\\]'}${others}]`;
  if (escape !== undefined) return translateEscape(escape);
  if (group !== undefined) return `(?<${group}>`;
  if (reference !== undefined) return `\\k<${reference}>`;
  return most === undefined ? '' : `{0,${most}}`;
}

/** Unlike `^` and `$`, start and end of the text whatever the flags. */
const ANCHORS: Readonly<Record<string, string>> = { A: '(?<![^])', Z: '(?![^])', a: '\\x07' };

function translateEscape(character: string): string {
  if (character in ANCHORS) return ANCHORS[character]!;
  if (/[a-zA-Z]/.test(character) && !'bBcdDfknrsStuvwWx'.includes(character)) {
    throw new SyntaxError(`bad escape \\${character}`);
  }
  return `\\${character}`;
}
