import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import {
  applyOverrides,
  configHash,
  flattenConfig,
  parseOptions,
  resolveConfig,
  resolveEnvironment,
  unflattenConfig,
  validate,
  withFallback,
  writtenConfig,
} from '@x/trainer-core';
import { z } from 'zod';

import { accepted, caught, exactly, says } from '../lib/caught.mjs';
import { compare } from '../lib/compare.mjs';
import { Mismatch } from '../lib/outcome.mjs';
import { popCase } from '../lib/pop.mjs';

/** Each list of params.json, and what does the same here. */
const SECTIONS = {
  unflatten: ({ input, ...expected }) => outcome(expected, () => unflattenConfig(input), Object.keys(input)),
  with_fallback: ({ preferred, fallback, ...expected }) => outcome(expected, () => withFallback(preferred, fallback)),
  parse_overrides: ({ input, ...expected }) => outcome(expected, () => applyOverrides({}, input, { mode: 'merge' })),
  from_file: fileCase,
  infer_and_cast: inferCase,
  as_flat_dict: async ({ input, result }) => exactly(result, flattenConfig(await asRead(input)), 'the leaves'),
  as_ordered_dict: orderCase,
  get_hash: async ({ input, result }) => compare(result, configHash(await asRead(input)), 'the hash', 0),
  pop: async (fixture) => popCase({ ...fixture, params: await asRead(fixture.params) }),
  assert_empty: emptyCase,
  replace_none: async ({ input, result }) => exactly(result, await asRead(input), 'the config'),
  str: shownCase,
};

/** params.json: merging, reading, flattening, hashing and consuming of configs. */
export function cases(content) {
  return Object.entries(SECTIONS).flatMap(([section, check]) =>
    (content[section] ?? []).map((fixture, i) => ({
      name: `${section}[${i}]`,
      fixture,
      run: () => check(fixture),
    })),
  );
}

/** A config that code gives, with what its texts stand for. */
async function asRead(config) {
  return (await resolveConfig(config)).config;
}

/** A result that must be equal, or an error about a path. */
async function outcome({ ok, error }, run, paths) {
  if (error === undefined) return exactly(ok, await accepted(ok, run, 'the config'), 'the config');
  const thrown = await caught(error, run);
  const place = /\(key (\S+) is (out of bounds|not a valid list index)\)/.exec(error.message);
  if (place !== null)
    says(thrown, [`"${place[1]}"`, place[2] === 'out of bounds' ? /out of its bounds/ : /not a valid place/]);
  if (paths !== undefined && !paths.includes(thrown.problems[0].path))
    throw new Mismatch('the error', paths, thrown.message);
}

async function fileCase({ file, jsonnet, overrides = '', ext_vars: variables = {}, ...expected }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parity-params-'));
  try {
    const name = path.join(folder, jsonnet === undefined ? 'config.json' : 'config.jsonnet');
    fs.writeFileSync(name, jsonnet ?? JSON.stringify(file));
    await outcome(
      expected,
      async () => (await resolveConfig(name, { overrides, overrideMode: 'merge', variables })).config,
    );
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Every text stands in a variable that the config refers to. */
async function inferCase({ input, ok, error }) {
  const variables = {};
  const referring = (value) => {
    if (Array.isArray(value)) return value.map(referring);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, referring(item)]));
    }
    if (typeof value !== 'string') return value;
    const name = `V${Object.keys(variables).length}`;
    variables[name] = value;
    return `\${${name}}`;
  };
  const infer = () => resolveEnvironment({ value: referring(input) }, variables).value;
  if (error !== undefined) return caught(error, infer);
  exactly(ok, infer(), 'the value');
}

function orderCase({ input, preference_orders: preferences, result_key_order: orders }) {
  const written = writtenConfig(input, preferences ?? undefined);
  for (const [place, keys] of Object.entries(orders)) {
    const at = place.split('.').reduce((value, key) => (key === '' ? value : value[key]), written);
    compare(keys, Object.keys(at), `the keys of "${place}"`, 0);
  }
}

async function emptyCase({ params, class_name: owner, error }) {
  const check = () => parseOptions(z.strictObject({}), params, owner);
  if (error === undefined) return accepted({}, check, 'the options');
  const thrown = await caught(error, check);
  says(thrown, [owner]);
  exactly(
    Object.keys(params),
    thrown.problems.map((problem) => problem.path),
    'the error',
  );
}

/** How a message shows a value and its place. */
function shownCase({ params, history }) {
  const keys = history.split('.').filter((key) => key !== '');
  const schema = keys.reduceRight((inner, key) => z.strictObject({ [key]: inner }), z.string());
  const config = keys.reduceRight((inner, key) => ({ [key]: inner }), params);
  const { problems } = validate(schema, config);
  compare(keys, problems[0].path, 'the place', 0);
  says(problems[0], [JSON.stringify(params).slice(0, 50)]);
}
