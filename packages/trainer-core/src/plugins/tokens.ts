import 'reflect-metadata';
import { inject as tsyringeInject } from 'tsyringe';

import type { Settable } from './settable.js';

/**
 * A typed key of the run container. Tokens are `Symbol.for`-keyed, so that two installed copies of a package agree.
 */
export type Token<T> = symbol & { readonly __provides?: T };

/** The token of that name; by convention `@scope/package:Thing`. */
export function token<T>(name: string): Token<T> {
  return Symbol.for(name);
}

/**
 * The abstract class of an extension point: what `@inject` and `component()` take. `kind` is its name in messages, in
 * the registry and in tokens.
 */
export type ExtensionPoint<T> = (abstract new (...args: never[]) => T) & {
  readonly kind: string;
  /** The name that is meant where a config leaves `type` out; undefined where `type` is required. */
  readonly defaultName?: string;
  /** What the run provides to components of this kind and a config may say instead, by key. Default: nothing. */
  readonly settable?: Readonly<Record<string, Settable>>;
};

/** Builds a component several times, or later than the constructor that receives it. */
export interface Lazy<T> {
  /** A new component each time, which the caller owns. `provided` are values for this construction only, by token. */
  construct(provided?: Iterable<readonly [Token<unknown>, unknown]>): T;
}

/** The token under which the run's component of a kind is found. */
export function tokenOf<T>(point: ExtensionPoint<T>): Token<T> {
  return token(`@x/trainer-core:${point.kind}`);
}

/** For `@inject(lazy(Optimizer))`: a factory of the configured component instead of the component. */
export function lazy<T>(point: ExtensionPoint<T>): Token<Lazy<T>> {
  return token(`@x/trainer-core:lazy:${point.kind}`);
}

/**
 * Asks for a part of the run in a constructor: `@inject(Model) model: ModelLike`, `@inject(NumberOfEpochs) n: number`.
 * The container builds it on demand, once per run. With `optional`, a part that the run does not have is `undefined`.
 */
export function inject(
  what: Token<unknown> | ExtensionPoint<unknown>,
  options: { optional?: boolean } = {},
): ParameterDecorator {
  const key = typeof what === 'symbol' ? what : tokenOf(what);
  const decorate = tsyringeInject(
    key,
    options.optional === true ? { isOptional: true } : undefined,
  ) as ParameterDecorator;
  return (target, property, index) => {
    const others = (Reflect.getOwnMetadata(INJECTED, target) ?? []) as readonly Injected[];
    Reflect.defineMetadata(INJECTED, [...others, { index, key, decorate }], target);
    decorate(target, property, index);
  };
}

const INJECTED = Symbol.for('@x/trainer-core:injected');

interface Injected {
  readonly index: number;
  readonly key: symbol;
  readonly decorate: ParameterDecorator;
}

/** Gives a class that has no constructor of its own what the constructor asks for that it inherits. */
export function inheritInjected(target: object): void {
  if (Reflect.hasOwnMetadata(INJECTED, target) || Reflect.hasOwnMetadata('design:paramtypes', target)) return;
  const inherited = (Reflect.getMetadata(INJECTED, target) ?? []) as readonly Injected[];
  for (const { index, decorate } of inherited) decorate(target, undefined, index);
}

/** Whether the constructor itself says with `@inject` what its first parameter is. */
export function injectsFirst(target: object): boolean {
  const injected = (Reflect.getOwnMetadata(INJECTED, target) ?? []) as readonly Injected[];
  return injected.some(({ index }) => index === 0);
}

/** Whether a constructor, or the one that it inherits, asks for the part under `token`. */
export function injects(target: object, token: Token<unknown>): boolean {
  const injected = (Reflect.getMetadata(INJECTED, target) ?? []) as readonly Injected[];
  return injected.some(({ key }) => key === token);
}
