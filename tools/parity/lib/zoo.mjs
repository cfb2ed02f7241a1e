import {
  component,
  definePlugin,
  inject,
  lazyComponent,
  parseComponent,
  registerFor,
  Registry,
  resolveConfig,
  RunContainer,
  token,
  validate,
  withRegistry,
} from '@x/trainer-core';
import { z } from 'zod';

import { camelCase } from './names.mjs';

/**
 * The classes that the fixtures of `from_params` are about, as components of a plugin.
 *
 * @param extras what the caller provides: constructor parameters of these names are injected where a config leaves them out.
 */
export class Zoo {
  constructor(extras = {}) {
    this.extras = extras;
    const [Animal, NoDefault, Empty, ZooPoint] = [
      point('Animal', 'dog'),
      point('NoDefault'),
      point('Empty'),
      point('Zoo', 'zoo'),
    ];
    this.points = { Animal, NoDefault, Empty, Zoo: ZooPoint };
    const animal = component(Animal);
    const provides = [
      this.register(Animal, 'dog', 'Dog', { name: [z.string(), 'rex'], age: [z.int(), 3] }),
      this.register(Animal, 'cat', 'Cat', {
        name: [z.string()],
        lives: [z.int().nullable(), null],
        friend: [animal.nullable(), null],
      }),
      this.fromTwo(Animal),
      this.register(NoDefault, 'one', 'One', { x: [z.number()], flag: [z.boolean(), false] }),
      this.register(ZooPoint, 'zoo', 'Zoo', {
        animals: [z.array(animal)],
        by_name: [z.record(z.string(), animal).nullable(), null],
        pair: [z.tuple([z.string(), animal]).nullable(), null],
        either: [z.union([z.int(), z.string(), z.array(z.int())]), 0],
        opt: [z.number().nullable(), null],
        shared: [z.int(), 0],
        lazy: [lazyComponent(Animal).nullable(), null],
        raw: [z.record(z.string(), z.unknown()).nullable(), null],
        nums: [z.array(z.int()).nullable(), null],
      }),
    ];
    this.plugin = definePlugin({ name: 'zoo', provides });
    this.registry = new Registry([this.plugin]);
  }

  /** What a config builds, as fixtures describe it. */
  async build(base, params) {
    const { config } = await resolveConfig({ part: params });
    const point = this.points[base];
    const part = config.part === null ? this.nothing(point) : parseComponent(point, config.part, this.registry);
    const container = new RunContainer(this.registry);
    for (const [name, value] of Object.entries(this.extras)) container.provide(extra(name), value);
    return described(container.build(part));
  }

  nothing(point) {
    return withRegistry(this.registry, () => validate(component(point).nullable(), null).value);
  }

  /** The schema of fields: what the caller provides may be left out. */
  schema(fields) {
    const shape = Object.entries(fields).map(([key, [type, fallback]]) => {
      if (key in this.extras) return [camelCase(key), type.optional()];
      return [camelCase(key), fallback === undefined ? type : type.default(fallback)];
    });
    return z.strictObject(Object.fromEntries(shape));
  }

  /** A second way to construct a class, under a name of its own. */
  fromTwo(Animal) {
    class Two extends Animal {
      constructor(s) {
        super();
        this.s = s;
      }
    }
    const options = this.schema({ a: [z.int()], b: [z.int(), 10] });
    Animal.register('from_two', options, function from_two({ a, b }, container) {
      return new Two((a ?? container.get(extra('a'))) + (b ?? container.get(extra('b'))));
    })(Two);
    return Two;
  }

  /** A class whose options are `fields`: a schema and, unless it is required, a default for each. */
  register(base, name, className, fields) {
    const injected = Object.keys(fields).filter((key) => key in this.extras);
    const target = {
      [className]: class extends base {
        constructor(options, ...given) {
          super();
          for (const [key, [, fallback]] of Object.entries(fields)) {
            this[key] = [options[camelCase(key)], given[injected.indexOf(key)], fallback].find(isGiven);
          }
        }
      },
    }[className];
    injected.forEach((key, i) => inject(extra(key), { optional: true })(target, undefined, i + 1));
    base.register(name, this.schema(fields))(target);
    return target;
  }
}

/** An extension point. */
export function point(name, defaultName) {
  const kind = `${name[0].toLowerCase()}${name.slice(1)}`;
  return {
    [name]: class {
      static kind = kind;
      static defaultName = defaultName;
      static register = registerFor(kind);
    },
  }[name];
}

function isGiven(value) {
  return value !== undefined;
}

function extra(name) {
  return token(`parity:${name}`);
}

function described(value) {
  if (Array.isArray(value)) return value.map(described);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, item]) => {
    return [key, key === 'lazy' ? { lazy_constructs: described(item?.construct() ?? null) } : described(item)];
  });
  const { name } = value.constructor;
  return Object.fromEntries(name === 'Object' ? entries : [['class', name], ...entries]);
}
