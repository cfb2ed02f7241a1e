import { flattenConfig, validate } from '@x/trainer-core';
import { z } from 'zod';

import { exactly, says } from './caught.mjs';
import { Mismatch, NotCovered } from './outcome.mjs';
import { literal } from './python.mjs';

/**
 * A reading of a config in Python, and the schema that asks for the same. What Python leaves to be read are the keys that a
 * strict schema does not know.
 */
export function popCase({ op, params, ok, error, remaining }) {
  const reading = readingOf(op, params);
  const strict = validate(reading.schema(z.strictObject), params);
  const problems = strict.ok ? [] : strict.problems;
  const isUnknown = ({ code }) => code === 'X_CONFIG_UNKNOWN_KEY';
  const unknown = problems.filter(isUnknown).map(pathOf);
  exactly([...reading.left(remaining)].sort(), unknown.sort(), 'the remaining keys');
  const others = problems.filter((problem) => !isUnknown(problem));
  if (error !== undefined) return checkError(error, others, reading, params);
  if (reading.places !== undefined) return exactly(ok, reading.places(params), 'the places');
  const loose = validate(reading.schema(z.looseObject), params);
  if (!loose.ok) throw new Mismatch('the value', ok, loose.problems[0].message);
  exactly(ok, reading.value(loose.value), 'the value');
}

function checkError(expected, problems, { key, choices }, params) {
  if (problems.length === 0) throw new Mismatch('the error', expected, undefined);
  const [problem] = problems;
  const required = /key "(.*?)" is required(?: at location "(.*?)")?/.exec(expected.message);
  const place = required === null ? key : `${required[2] ?? ''}${required[1]}`;
  if (pathOf(problem) !== place) throw new Mismatch('the error', place, pathOf(problem));
  const isMissing = required !== null || expected.type === 'KeyError';
  says(problem, isMissing ? [/is required/] : [JSON.stringify(params[key]), ...(choices ?? [])]);
}

/** What an operation reads. */
function readingOf(op, params) {
  const found = READINGS.flatMap(([pattern, make]) => {
    const match = pattern.exec(op);
    return match === null ? [] : [() => make(match, params)];
  });
  if (found.length === 0) throw new NotCovered(`the operation ${op}`);
  return found[0]();
}

const TYPES = { pop: z.json(), pop_int: z.int(), pop_float: z.number(), pop_bool: z.boolean() };

const READINGS = [
  [
    /^(pop|pop_int|pop_float|pop_bool)\('([^']*)'(?:, (.+))?\)$/,
    ([, method, key, fallback]) => {
      const type = TYPES[method].nullable();
      return field(key, fallback === undefined ? type : type.default(literal(fallback)));
    },
  ],
  [
    /^pop_choice\('([^']*)', ?(\[[^\]]*\])(.*)\)$/,
    ([, key, list, flags]) => {
      const choices = literal(list);
      const type = z.enum(choices);
      const isFirst = /default_to_first_choice(?!=False)/.test(flags);
      return { ...field(key, isFirst ? type.default(choices[0]) : type), choices };
    },
  ],
  [
    /^(pop|get)\('([^']*)'\)\.pop\('([^']*)'\)/,
    ([, method, outer, inner]) => ({
      key: `${outer}.${inner}`,
      schema: (object) => object({ [outer]: (method === 'get' ? object : z.looseObject)({ [inner]: z.json() }) }),
      value: (value) => value[outer][inner],
      left: (remaining) => Object.keys(method === 'get' ? flattenConfig(remaining) : remaining),
    }),
  ],
  [
    /^params\['([^']*)'\]/,
    ([, key]) => ({
      ...field(key, z.json()),
      left: (remaining) => Object.keys(remaining).filter((name) => name !== key),
    }),
  ],
  [/^pop list of dicts/, (_, params) => elements(Object.keys(params)[0])],
  [
    /^pop keep_as_dict/,
    (_, params) => {
      const [key] = Object.keys(params);
      const isDict = (value) => Object.getPrototypeOf(value[key]) === Object.prototype;
      return { ...field(key, z.record(z.string(), z.json())), value: (value) => (isDict(value) ? 'dict' : 'other') };
    },
  ],
];

function field(key, type) {
  return {
    key,
    schema: (object) => object({ [key]: type }),
    value: (value) => value[key],
    left: Object.keys,
  };
}

/** The place of an element is where a message says that something in it is missing. */
function elements(key) {
  const element = z.union([z.looseObject({ missing: z.string() }), z.number(), z.string()]);
  const places = (params) => {
    const { problems } = validate(z.strictObject({ [key]: z.array(element) }), params);
    return params[key].map((item, i) => {
      const problem = problems.find(({ path }) => path[1] === i);
      if (problem !== undefined) return `Params:${pathOf(problem).replace(/missing$/, '')}`;
      return `${typeof item === 'number' ? 'int' : 'str'}:`;
    });
  };
  return { ...field(key, z.json()), places };
}

function pathOf({ path }) {
  return path.join('.');
}
