import { z } from 'zod';

import type { ErrorCode } from '../errors.js';
import type { Problem } from '../config/problem.js';
import { isPlain } from '../config/plain-data.js';
import { markComponent } from '../config/schema.js';
import { show } from '../config/show.js';
import { nearestName, oneOf } from '../config/spelling.js';
import { validate } from '../config/validate.js';
import type { IssueParams } from '../config/validate.js';
import type { RunContainer } from './container.js';
import type { Registration, Registry } from './registry.js';
import { separate, settableOf } from './settable.js';
import type { ExtensionPoint, Lazy, Token } from './tokens.js';

/** A validated, unbuilt component. */
export class ComponentSpec<T = unknown> {
  /** Carries the type of what it builds. */
  declare readonly __builds?: T;

  constructor(
    readonly registration: Registration,
    /** The validated options; they may hold further specs. */
    readonly options: unknown,
    /** What the config says in place of the run, for this component only. */
    readonly provided: readonly (readonly [Token<unknown>, unknown])[] = [],
  ) {}
}

/** A validated component that its owner builds itself, perhaps several times: becomes a `Lazy` in the options. */
export class LazySpec<T = unknown> {
  constructor(readonly spec: ComponentSpec<T>) {}
}

/** A component that code builds when the run asks for it: `new LazyPart((run) => new AdamW({}, run.get(ModelParameters)))`. */
export class LazyPart<T = unknown> {
  constructor(readonly make: (run: RunContainer) => T) {}
}

/** A field of validated options: the component itself where code passed one, else what to build. */
export type Part<T> = T | ComponentSpec<T> | LazyPart<T>;

/** Options after the container built the parts in them: in fields, and in lists however deep. */
export type Built<O> = { [K in keyof O]: BuiltField<O[K]> };

type BuiltField<F> =
  F extends LazySpec<infer T>
    ? Lazy<T>
    : F extends ComponentSpec | LazyPart
      ? never
      : F extends readonly unknown[]
        ? { [I in keyof F]: BuiltField<F[I]> }
        : F;

/** What a config may say where a component is expected: its name, or an object with `type` and options. */
export type ComponentConfig = string | { readonly type?: string; readonly [option: string]: unknown };

/**
 * The schema of a field that holds a component: a name, an object with `type` and options, or in code an instance.
 * `type` may be left out where the extension point has a default that a listed plugin provides.
 */
export function component<T>(point: ExtensionPoint<T>): z.ZodType<Part<T>, ComponentConfig | T | LazyPart<T>> {
  const schema = z
    .custom<ComponentConfig | T | LazyPart<T>>((value) => value !== undefined, {
      error: `is required (${oneOf(point.kind)}: a name or an object with "type")`,
      params: { code: 'X_CONFIG_WRONG_TYPE' } satisfies IssueParams,
    })
    .transform((value, context): Part<T> => {
      if (value instanceof point || value instanceof LazyPart) return value;
      const result = specify(point, value);
      if (result instanceof ComponentSpec) return result;
      for (const { path, message, ...params } of result) {
        context.addIssue({ code: 'custom', path: [...path], message, params });
      }
      return z.NEVER;
    });
  markComponent(schema, point);
  return schema;
}

/** As {@link component}, for an owner that builds the component itself: the option is a `Lazy`. */
export function lazyComponent<T>(point: ExtensionPoint<T>): z.ZodType<LazySpec<T>, ComponentConfig> {
  const inner = component(point);
  const schema = inner.transform((part, context): LazySpec<T> => {
    if (part instanceof ComponentSpec) return new LazySpec<T>(part);
    context.addIssue({ code: 'custom', message: 'expected a configuration to build from, received an instance' });
    return z.NEVER;
  });
  markComponent(schema, point);
  return schema as z.ZodType<LazySpec<T>, ComponentConfig>;
}

/** `module.Class`, which the original imports. */
const IMPORT_PATH = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\.[A-Z]\w*$/;

let current: Registry | undefined;

/** Runs a validation in which component names are looked up in `registry`. */
export function withRegistry<R>(registry: Registry, run: () => R): R {
  const outer = current;
  current = registry;
  try {
    return run();
  } finally {
    current = outer;
  }
}

function specify<T>(point: ExtensionPoint<T>, value: unknown): ComponentSpec<T> | readonly Problem[] {
  const config = typeof value === 'string' ? { type: value } : value;
  if (!isPlain(config)) {
    return [
      issue(
        'X_CONFIG_WRONG_TYPE',
        [],
        `expected ${oneOf(point.kind)}: a name or an object with "type"; received ${show(config)}`,
      ),
    ];
  }
  if ('_pretrained' in config) {
    const message = 'a part of a trained model cannot be taken from an archive here; load its weights in code';
    return [issue('X_CONFIG_UNKNOWN_KEY', ['_pretrained'], message)];
  }
  const { type = point.defaultName, ...options } = config;
  if (typeof type !== 'string') {
    return [
      type === undefined
        ? issue('X_CONFIG_NO_TYPE', ['type'], `${oneOf(point.kind)} needs a "type"; ${available(point)}`)
        : issue('X_CONFIG_WRONG_TYPE', ['type'], `expected the name of ${oneOf(point.kind)}, received ${show(type)}`),
    ];
  }
  if (current === undefined) {
    const message =
      `expected ${oneOf(point.kind)} that is already built, received ${show(value)}; names and configs are built where ` +
      'plugins are listed: in a config file, or by fromPartialObjects({ plugins: [...] }) of the trainer';
    return [issue('X_CONFIG_WRONG_TYPE', [], message)];
  }
  const registration = current.find(point.kind, type);
  if (registration === undefined) {
    const meant = config['type'] === undefined ? ', which is meant where there is no "type"' : '';
    const message = `no listed plugin provides the ${point.kind} "${type}"${meant}${suggestion(point, type)}`;
    return [{ ...issue('X_CONFIG_UNKNOWN_NAME', ['type'], message), wanted: { kind: point.kind, name: type } }];
  }
  const separated = separate(options, settableOf(point, registration));
  const result = validate(registration.schema, separated.options, `the ${point.kind} "${type}"`);
  const provided: [Token<unknown>, unknown][] = [];
  const problems = separated.settings.flatMap(([key, setting, { token, schema }]) => {
    const checked = validate(schema, setting);
    if (checked.ok) provided.push([token, checked.value]);
    return checked.ok ? [] : checked.problems.map((problem) => ({ ...problem, path: [key, ...problem.path] }));
  });
  if (result.ok && problems.length === 0) return new ComponentSpec<T>(registration, result.value, provided);
  return [...(result.ok ? [] : result.problems), ...problems];
}

function issue(code: ErrorCode, path: readonly PropertyKey[], message: string): Problem {
  return { code, path, message };
}

function names(point: ExtensionPoint<unknown>): string[] {
  return current?.names(point) ?? [];
}

function available(point: ExtensionPoint<unknown>): string {
  const known = names(point);
  return known.length === 0 ? 'no listed plugin provides any' : `available are ${known.join(', ')}`;
}

function suggestion(point: ExtensionPoint<unknown>, name: string): string {
  const known = names(point);
  if (IMPORT_PATH.test(name)) {
    return '; a config imports no classes by their path: list the package that registers it under "plugins", and give its name';
  }
  if (known.length === 0) return ', nor any other';
  const nearest = nearestName(name, known);
  return nearest === undefined ? `; ${available(point)}` : `; did you mean "${nearest}"?`;
}
