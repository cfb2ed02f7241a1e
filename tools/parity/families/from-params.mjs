import { definePlugin, parseComponent, Registry } from '@x/trainer-core';
import { z } from 'zod';

import { accepted, caught, exactly, says } from '../lib/caught.mjs';
import { compare } from '../lib/compare.mjs';
import { camelCase } from '../lib/names.mjs';
import { Mismatch } from '../lib/outcome.mjs';
import { literal } from '../lib/python.mjs';
import { point, Zoo } from '../lib/zoo.mjs';

/** from_params.json: what configs build of a small zoo of classes, and the registry of their names. */
export function cases({ cases: all, registrable = {} }) {
  return [
    ...all.map((fixture) => ({ name: fixture.name, fixture, run: () => buildCase(fixture) })),
    ...Object.entries(registrable).map(([name, fixture]) => ({ name, fixture, run: () => REGISTRY[name](fixture) })),
  ];
}

async function buildCase({ base, params, extras, ok, error }) {
  const build = () => new Zoo(extras).build(base, params);
  if (error === undefined) return exactly(ok, await accepted(ok, build, 'what is built'), 'what is built');
  checkError(error, await caught(error, build));
}

/** What the original's messages say, and what ours must say then: where, and about what. */
const MESSAGES = [
  [
    /^key "(.*?)" is required(?: at location "(.*?)")?$/,
    ([, key, location = '']) => [`${location}${key}`, [/is required|needs a "type"/]],
  ],
  [
    /^Expected (\S+) to be (?:a )?(\w+)\.$/,
    ([, path, type]) => [path, [new RegExp(`expected ${TYPES[type] ?? type}`)]],
  ],
  [/^expected key (\S+) for /, ([, path]) => [path, [/expected/]]],
  [/^Failed to construct argument (\S+) with type typing.Union\[(.*)\]$/, ([, path]) => [path, [/expected /]]],
  [
    /^(\S*) not in acceptable choices for (\S+): (\[.*?\])/,
    ([, name, path, choices]) => [path, [`"${name}"`, new RegExp(`did you mean|${literal(choices).join('.*')}`)]],
  ],
  [/^tried to interpret (\S+) as a path to a class/, ([, name]) => ['type', [`"${name}"`, /imports no classes/]]],
  [
    /^Tried to construct an abstract Registrable/,
    () => ['type', [/no listed plugin provides (any|the .*, nor any other)/]],
  ],
  [/^from_params was passed a `params` object/, () => ['', [/an object with "type"; received/]]],
];

const TYPES = { numeric: 'number', bool: 'boolean', int: '(int|number)' };

function checkError({ type, message }, error) {
  const places = error.problems.map(({ path }) => inCamelCase(path));
  const extra = /^Extra parameters passed to (\w+): (.*)$/.exec(message);
  if (extra !== null) {
    const name = extra[1] === 'Two' ? 'from_two' : extra[1].toLowerCase();
    says(error, [new RegExp(`"${name}" takes|did you mean`)]);
    const keys = Object.keys(literal(extra[2])).map(inCamelCase);
    for (const key of keys) if (!places.some((at) => endsIn(at, key))) throw new Mismatch('the error', key, places);
    return;
  }
  for (const [pattern, make] of MESSAGES) {
    const match = pattern.exec(message);
    if (match === null) continue;
    const [place, parts] = make(match);
    if (!places.some((at) => isAbout(at, inCamelCase(place)))) throw new Mismatch('the error', place, places);
    says(error, parts);
    return;
  }
  // what Python itself throws has no text of AllenNLP's
  const isPythons = /^argument of type .* is not iterable$|^unsupported operand/.test(message);
  if (['ConfigurationError', 'TypeError'].includes(type) && !isPythons)
    throw new Mismatch('the error', message, error.message);
}

function inCamelCase(place) {
  return place.split('.').map(camelCase).join('.');
}

/** Whether a place is what the original means: one without a place may be about any. */
function isAbout(at, place) {
  return place === '' || isWithin(place, at) || isWithin(at, place) || endsIn(at, place);
}

/** Whether a place is that of a key: the original often says no more than the key, and only of the first mistake. */
function endsIn(place, key) {
  return place === key || place.endsWith(`.${key}`);
}

/** Whether `place` is `outer`, or lies below it: a list of the wrong type is a mistake as a whole. */
function isWithin(place, outer) {
  return place === outer || (outer !== '' && place.startsWith(`${outer}.`));
}

const REGISTRY = {
  register_duplicate: async ({ error }) => {
    const { plugin, points } = new Zoo();
    const [, name, taken] = /^Cannot register (\S+) as \w+; name already in use for (\w+)/.exec(error.message);
    says(await caught(error, () => new Registry([plugin, other(points.Animal, name, 'Other')])), [`"${name}"`, taken]);
  },
  register_exist_ok: ({ ok }) => {
    const { plugin, points } = new Zoo();
    const later = other(points.Animal, 'dog', ok);
    const registry = new Registry([plugin, { ...later, replaces: later.provides }]);
    compare(ok, registry.find('animal', 'dog').target.name, 'the class', 0);
  },
  list_available_default_first: (names) => {
    const Animal = point('Animal', names[0]);
    const registry = new Registry([...names].reverse().map((name) => other(Animal, name, name)));
    exactly([names[0], ...names.slice(1).reverse()], registry.names(Animal), 'the names');
  },
  by_name_unknown: async ({ error }) => {
    const { registry, points } = new Zoo();
    const name = error.message.split(' ')[0];
    says(await caught(error, () => parseComponent(points.Animal, name, registry)), [`the animal "${name}"`]);
  },
  by_name_constructor_returns_method: (name) => {
    compare(name, new Zoo().registry.find('animal', name).factory.name, 'the factory', 0);
  },
  list_available_bad_default: async ({ error }) => {
    const name = error.message.split(' ')[2];
    const Animal = point('Animal', name);
    const registry = new Registry([other(Animal, 'dog', 'Dog')]);
    says(await caught(error, () => parseComponent(Animal, {}, registry)), [`"${name}", which is meant where`]);
  },
  registries_are_per_base_class: (bases) => {
    const { plugin, points } = new Zoo();
    const registry = new Registry([plugin, other(points.Animal, 'dog2', 'D4')]);
    for (const [base, names] of Object.entries(bases)) exactly(names, registry.names(points[base]), `names of ${base}`);
  },
};

/** A plugin with one class. */
function other(base, name, className) {
  const target = { [className]: class extends base {} }[className];
  base.register(name, z.strictObject({}))(target);
  return definePlugin({ name: `plugin-of-${name}`, provides: [target] });
}
