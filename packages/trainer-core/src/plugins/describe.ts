import 'reflect-metadata';
import { inject, injectable } from 'tsyringe';
import { z } from 'zod';

import type { Built } from './component.js';
import type { RunContainer } from './container.js';
import { inheritInjected, injectsFirst, token } from './tokens.js';
import type { Token } from './tokens.js';

/** What `register` says of a class. Nothing global changes: descriptors live on the class, under a shared symbol. */
export interface Descriptor<T = unknown> {
  readonly kind: string;
  readonly name: string;
  readonly schema: z.ZodType;
  readonly target: AnyClass;
  /** Set where the class is not simply constructed with its options: gets options whose parts are not built yet. */
  readonly factory?: Factory<T, unknown>;
}

/** Builds a component from validated options. Options may hold unbuilt parts; `container.build` builds them. */
export type Factory<T, O> = (options: O, container: RunContainer) => T | Promise<T>;

/** Any class, abstract or with any constructor. */
export type AnyClass = abstract new (...args: never[]) => unknown;

const DESCRIPTORS = Symbol.for('@x/trainer-core:descriptors');

/** The token of the first constructor parameter: the validated options. */
export const Options: Token<unknown> = token('@x/trainer-core:Options');

const NoOptions = z.strictObject({});

/** The type of the static `register` of an extension point. */
export interface Register<T> {
  /** Registers a class that takes no options: every constructor parameter may be `@inject`ed. */
  (name: string): (target: abstract new (...parts: never[]) => T) => void;
  /** Registers a class whose first constructor parameter are the options; further ones are `@inject`ed. */
  <S extends z.ZodType>(
    name: string,
    schema: S,
  ): (target: abstract new (options: Built<z.output<S>>, ...parts: never[]) => T) => void;
  /** Registers a class that `factory` builds from the options. */
  <S extends z.ZodType>(
    name: string,
    schema: S,
    factory: Factory<T, z.output<S>>,
  ): (target: abstract new (...parts: never[]) => T) => void;
}

/**
 * The decorator of an extension point. It attaches a descriptor to the class and makes the class injectable; a class
 * may be registered under several names, each with its own schema and factory.
 */
export function registerFor<T>(kind: string): Register<T> {
  return (name: string, schema: z.ZodType = NoOptions, factory?: Factory<T, never>) =>
    (target: AnyClass): void => {
      const descriptor: Descriptor = {
        kind,
        name,
        schema,
        target,
        ...(factory === undefined ? {} : { factory: factory as Factory<unknown, unknown> }),
      };
      Object.defineProperty(target, DESCRIPTORS, {
        value: [...descriptorsOf(target), descriptor],
        configurable: true,
      });
      inheritInjected(target);
      if (!injectsFirst(target)) inject(Options)(target, undefined, 0);
      injectable()(target as new (...args: never[]) => unknown);
    };
}

/** What a class itself was registered as (not what its parents were). */
export function descriptorsOf(target: unknown): readonly Descriptor[] {
  if (typeof target !== 'function' || !Object.hasOwn(target, DESCRIPTORS)) return [];
  return (target as unknown as Record<symbol, readonly Descriptor[]>)[DESCRIPTORS]!;
}
