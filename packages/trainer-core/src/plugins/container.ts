import 'reflect-metadata';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { container as rootContainer, instanceCachingFactory } from 'tsyringe';

import { messageOf } from '../config/show.js';
import { TrainerError } from '../errors.js';
import { log } from '../log.js';
import { ComponentSpec, LazyPart, LazySpec } from './component.js';
import type { Part } from './component.js';
import { Construction, explain, shortName } from './construction.js';
import { Options } from './describe.js';
import type { Registry } from './registry.js';
import type { ExtensionPoint, Lazy, Token } from './tokens.js';
import { lazy, tokenOf } from './tokens.js';

/** Values for one construction only, by token. */
export type Provided = Iterable<readonly [Token<unknown>, unknown]>;

/**
 * The parts of one run. Each part is built on demand and once; a run shares nothing with another run in the process.
 *
 * It is a thin layer over a tsyringe container: what tsyringe leaves open (cycles through factories, errors that lose
 * their class, singletons that leak between children) is settled here.
 */
export class RunContainer {
  private container: DependencyContainer = rootContainer.createChildContainer();
  private construction = new Construction();
  private disposables: (() => void)[] = [];

  constructor(readonly registry: Registry) {}

  /** Makes a finished value available under a token. */
  provide<T>(token: Token<T>, value: T): void {
    // not useValue, which tsyringe does not see when the value is null
    this.container.register(token, { useFactory: () => value });
  }

  /** Makes a part available that `make` builds when it is first asked for. */
  provideLater<T>(token: Token<T>, make: () => T): void {
    const name = shortName(token.description ?? String(token));
    const build = instanceCachingFactory(() => this.construction.run(token, name, make));
    this.container.register(token, { useFactory: build });
  }

  /** Makes the component of an extension point available, as a part and as a {@link lazy} factory. */
  provideComponent<T>(point: ExtensionPoint<T>, part: Part<T>): void {
    this.provideLater(tokenOf(point), () => this.build(part));
    if (part instanceof ComponentSpec) this.provide(lazy(point), this.lazily<T>(part));
  }

  has(token: Token<unknown>): boolean {
    return this.container.isRegistered(token, true);
  }

  /**
   * The part under a token.
   *
   * @throws DependencyError (`X_DEPENDENCY_MISSING`, `X_DEPENDENCY_CYCLE`), or what building it throws.
   */
  get<T>(token: Token<T>): T {
    return this.construction.watch(() => this.container.resolve<T>(token));
  }

  /** The component of an extension point, or undefined if the run has none. */
  find<T>(point: ExtensionPoint<T>): T | undefined {
    return this.has(tokenOf(point)) ? this.get(tokenOf(point)) : undefined;
  }

  /**
   * Builds a component from its spec (an instance is returned as it is).
   *
   * @throws TrainerError (`X_COMPONENT_FAILED`) around errors that are not ours, naming the component.
   */
  build<T>(part: Part<T>, provided: Provided = []): T {
    return this.own(part, this.make(part, provided));
  }

  /** As {@link build}, for components whose factory is asynchronous (a model that is read from files). */
  async buildAsync<T>(part: Part<T>, provided: Provided = []): Promise<T> {
    try {
      return this.own(part, await this.makeMaybeLater(part, provided));
    } catch (error) {
      throw explain(error, label(part));
    }
  }

  /**
   * Frees what the parts keep that were built here, the last one first. What others made stays theirs. What takes longer is
   * not waited for.
   */
  dispose(): void {
    for (const dispose of this.disposables.splice(0).reverse()) dispose();
  }

  private own<T>(part: Part<T>, built: T): T {
    const { dispose } = (built ?? {}) as { dispose?: unknown };
    const isBuiltHere = part instanceof ComponentSpec || part instanceof LazyPart;
    if (isBuiltHere && typeof dispose === 'function')
      this.disposables.push(() => void freed(label(part), dispose.call(built)));
    return built;
  }

  private make<T>(part: Part<T>, provided: Provided): T {
    const made = this.makeMaybeLater(part, provided);
    if (!(made instanceof Promise)) return made;
    made.catch(() => undefined);
    throw new TrainerError(
      'X_COMPONENT_FAILED',
      `${label(part)} is built asynchronously, which is possible at the top level of a configuration only`,
    );
  }

  private makeMaybeLater<T>(part: Part<T>, provided: Provided): T | Promise<T> {
    if (part instanceof LazyPart) return this.construction.run(part, label(part), () => part.make(this));
    if (!(part instanceof ComponentSpec)) return part;
    const { registration, options } = part;
    return this.construction.run(part, label(part), () => {
      const scope = this.within([...provided, ...part.provided]);
      if (registration.factory !== undefined) return registration.factory(options, scope) as T | Promise<T>;
      const container = scope.container.createChildContainer();
      container.register(Options, { useValue: scope.buildParts(options) });
      return container.resolve(registration.target as unknown as InjectionToken<T>);
    });
  }

  /** This container with values of one construction; without any, itself. */
  private within(provided: Provided): RunContainer {
    const values = [...provided];
    if (values.length === 0) return this;
    const scope = new RunContainer(this.registry);
    scope.container = this.container.createChildContainer();
    scope.construction = this.construction;
    scope.disposables = this.disposables;
    for (const [token, value] of values) scope.provide(token, value);
    return scope;
  }

  /** `options` with every spec in it replaced by what it builds. */
  private buildParts(options: unknown): unknown {
    if (options instanceof ComponentSpec || options instanceof LazyPart) return this.build(options);
    if (options instanceof LazySpec) return this.lazily(options.spec);
    if (Array.isArray(options)) return options.map((item) => this.buildParts(item));
    if (options !== null && typeof options === 'object' && Object.getPrototypeOf(options) === Object.prototype) {
      return Object.fromEntries(Object.entries(options).map(([key, value]) => [key, this.buildParts(value)]));
    }
    return options;
  }

  private lazily<T>(spec: ComponentSpec<T>): Lazy<T> {
    // what is constructed late belongs to whoever does it
    return { construct: (provided = []) => this.make<T>(spec, provided) };
  }
}

async function freed(what: string, done: unknown): Promise<void> {
  try {
    await done;
  } catch (error) {
    log.warn(`${what} could not be freed: ${messageOf(error)}`);
  }
}

function label(part: unknown): string {
  return part instanceof ComponentSpec ? `${part.registration.kind} "${part.registration.name}"` : 'a part';
}
