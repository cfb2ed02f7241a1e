import type { z } from 'zod';

import type { ConfigProblem, ErrorCode } from '../errors.js';
import { ConfigError } from '../errors.js';
import type { Problem, WantedComponent } from './problem.js';
import { definitionOf, keysOf, unwrap } from './schema.js';
import { show } from './show.js';
import { acceptSnakeCase } from './snake-case.js';
import { nearestName } from './spelling.js';

export type Validation<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Checks a value against a schema, accepting the original's snake_case keys, and collects every problem.
 *
 * @param owner what takes these options, for messages: `the optimizer "adam"`.
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, owner?: string): Validation<z.output<S>> {
  const renamed = acceptSnakeCase(schema, value);
  const result = schema.safeParse(renamed.value, { reportInput: true });
  const problems = [
    ...renamed.problems,
    ...(result.success ? [] : result.error.issues.flatMap((issue) => explainIssue(issue, schema, owner))),
  ];
  return problems.length === 0 && result.success ? { ok: true, value: result.data } : { ok: false, problems };
}

/**
 * The options of a component in plain code: defaults filled in, everything checked.
 *
 * @throws ConfigError with every problem; paths are relative to the options.
 */
export function parseOptions<S extends z.ZodType>(schema: S, options: z.input<S>, owner: string): z.output<S> {
  const result = validate(schema, options);
  if (result.ok) return result.value;
  throw new ConfigError(absolute(result.problems, ''), `the options of ${owner}`);
}

/** Problems with dotted paths below `prefix`. */
export function absolute(problems: readonly Problem[], prefix: string): ConfigProblem[] {
  return problems.map(({ code, path, message }) => ({
    code,
    message,
    path: [prefix, ...path.map(String)].filter((part) => part !== '').join('.'),
  }));
}

/** What a custom issue may carry in its `params`. */
export interface IssueParams {
  readonly code?: ErrorCode;
  readonly wanted?: WantedComponent;
}

function explainIssue(issue: z.core.$ZodIssue, schema: z.ZodType, owner?: string): Problem[] {
  const path = issue.path;
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, path);
      return issue.keys.map((key) => ({
        code: 'X_CONFIG_UNKNOWN_KEY' as const,
        path: [...path, key],
        message: `unknown key "${key}"; ${expectedKeys(key, known, path.length === 0 ? owner : undefined)}`,
      }));
    }
    case 'invalid_type':
      return [{ code: 'X_CONFIG_WRONG_TYPE', path, message: wrongType([issue.expected], issue.input) }];
    case 'invalid_union':
      return explainUnion(issue, schema);
    case 'custom': {
      const { code = 'X_CONFIG_INVALID', wanted } = (issue.params ?? {}) as IssueParams;
      return [{ code, path, message: issue.message, ...(wanted === undefined ? {} : { wanted }) }];
    }
    default:
      return [issue.input === undefined ? missing(path, issue.message) : invalid(path, issue.message, issue.input)];
  }
}

/**
 * The problems of the one alternative that the value has the form of; where it has the form of several, what each of them
 * misses; where it has none, all forms that would have been right.
 */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, schema: z.ZodType): Problem[] {
  const { path, input } = issue;
  const hasForm = (branch: readonly z.core.$ZodIssue[]): boolean =>
    !branch.some((inner) => inner.code === 'invalid_type' && inner.path.length === 0);
  const problemsOf = (branch: readonly z.core.$ZodIssue[]): Problem[] =>
    branch.flatMap((inner) => explainIssue({ ...inner, path: [...path, ...inner.path] }, schema));
  const fitting = issue.errors.filter(hasForm).map(problemsOf);
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length > 1) {
    const forms = fitting.map((problems) => problems.map((problem) => relative(problem, path.length)).join(' and '));
    const message = `fits none of the forms that are possible here: ${[...new Set(forms)].join('; or ')}`;
    return [{ code: 'X_CONFIG_INVALID', path, message }];
  }
  const expected = issue.errors.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === 'invalid_type' && inner.path.length === 0 ? [inner.expected] : [])),
  );
  return expected.length === 0
    ? [invalid(path, issue.message, input)]
    : [{ code: 'X_CONFIG_WRONG_TYPE', path, message: wrongType(expected, input) }];
}

function relative({ path, message }: Problem, depth: number): string {
  const below = path.slice(depth).map(String).join('.');
  return below === '' ? message : `${below}: ${message}`;
}

function missing(path: readonly PropertyKey[], expected: string): Problem {
  return { code: 'X_CONFIG_WRONG_TYPE', path, message: `is required (${lowerFirst(expected)})` };
}

function invalid(path: readonly PropertyKey[], message: string, received: unknown): Problem {
  return { code: 'X_CONFIG_INVALID', path, message: `${lowerFirst(message)}; received ${show(received)}` };
}

/** What {@link show} calls values, by zod's names of types. */
const FORMS: Readonly<Record<string, string>> = {
  array: 'a list',
  tuple: 'a list',
  record: 'an object',
  object: 'an object',
};

function wrongType(expected: readonly string[], received: unknown): string {
  const forms = [...new Set(expected.map((type) => FORMS[type] ?? type))].join(' or ');
  return received === undefined ? `is required (${forms})` : `expected ${forms}, received ${show(received)}`;
}

function expectedKeys(key: string, known: readonly string[], owner: string | undefined): string {
  if (known.length === 0) return owner === undefined ? 'no options are expected here' : `${owner} takes no options`;
  const nearest = nearestName(key, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  return `${owner === undefined ? 'expected one of' : `${owner} takes`} ${known.join(', ')}`;
}

/** The keys that the object schema at `path` knows. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const key of path) {
    at = childrenAt(at, key)[0];
    if (at === undefined) return [];
  }
  const { options } = definitionOf(unwrap(at));
  return [...new Set(options === undefined ? keysOf(at) : options.flatMap(keysOf))];
}

function childrenAt(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] {
  const { shape, element, valueType, items, options } = definitionOf(unwrap(schema));
  if (options !== undefined) return options.flatMap((option) => childrenAt(option, key));
  const child = shape?.[String(key)] ?? items?.[Number(key)] ?? element ?? valueType;
  return child === undefined ? [] : [child];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
