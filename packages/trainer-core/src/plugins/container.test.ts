import 'reflect-metadata';
import { z } from 'zod';

import { ConfigError, DependencyError, TrainerError } from '../errors.js';
import { validate } from '../config/validate.js';
import { component, ComponentSpec, lazyComponent, LazyPart, withRegistry } from './component.js';
import { RunContainer } from './container.js';
import { registerFor } from './describe.js';
import type { AnyClass, Register } from './describe.js';
import { definePlugin } from './plugin.js';
import { Registry } from './registry.js';
import { inject, lazy, token, tokenOf } from './tokens.js';
import type { Lazy, Token } from './tokens.js';

abstract class Animal {
  static readonly kind: string = 'animal';
  static readonly register: Register<Animal> = registerFor('animal');
}
abstract class Food {
  static readonly kind: string = 'food';
  static readonly register: Register<Food> = registerFor('food');
}
const Size: Token<number> = token('test:size');
const Missing: Token<string> = token('@x/trainer-core:Missing');

const Named = z.strictObject({ name: z.string().default('rex') });

@Animal.register('dog', Named)
class Dog extends Animal {
  constructor(
    readonly options: z.output<typeof Named>,
    @inject(Size) readonly size: number,
    @inject(Food, { optional: true }) readonly food?: Food,
  ) {
    super();
  }
}

@Animal.register('cat')
class Cat extends Animal {}

@Animal.register('puppy', Named)
class Puppy extends Dog {}

abstract class Sized extends Animal {
  constructor(
    readonly options: object,
    @inject(Size) readonly size: number,
  ) {
    super();
  }
}

@Animal.register('fish')
class Fish extends Sized {}

@Animal.register('lost')
class Lost extends Animal {
  constructor(
    _: object,
    @inject(Missing) readonly missing: string,
  ) {
    super();
  }
}

@Animal.register('weighed')
class Weighed extends Animal {
  constructor(@inject(Size) readonly size: number) {
    super();
  }
}

@Animal.register('moody')
class Moody extends Animal {
  constructor() {
    super();
    throw new RangeError('not today');
  }
}

@Animal.register('picky')
class Picky extends Animal {
  constructor() {
    super();
    throw ConfigError.of('X_CONFIG_INVALID', 'food', 'not this one');
  }
}

const Herding = z.strictObject({
  leader: component(Animal),
  others: z.array(component(Animal)).default([]),
  later: lazyComponent(Animal).optional(),
});

@Animal.register('herd', Herding)
class Herd extends Animal {
  constructor(readonly options: Record<string, unknown>) {
    super();
  }
}

@Animal.register('made', Named, (options, run) => new Dog(options, run.get(Size)))
@Animal.register('made-later', Named, async (options, run) => new Dog(options, run.get(Size)))
class Made extends Animal {}

@Food.register('meat')
class Meat extends Food {
  constructor(
    _: object,
    @inject(Animal) readonly animal: Animal,
  ) {
    super();
  }
}

@Food.register('farm')
class Farm extends Food {
  constructor(
    _: object,
    @inject(lazy(Animal)) readonly animals: Lazy<Animal>,
  ) {
    super();
  }
}

const registry = new Registry([
  definePlugin({
    name: 'zoo',
    provides: [Dog, Cat, Weighed, Fish, Puppy, Lost, Moody, Picky, Herd, Made, Meat, Farm] as AnyClass[],
  }),
]);

function spec<T>(point: { readonly kind: string }, config: unknown): ComponentSpec<T> {
  const result = withRegistry(registry, () =>
    validate(z.strictObject({ it: component(point as never) }), { it: config }),
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return (result.value as { it: ComponentSpec<T> }).it;
}

const animal = (config: unknown): ComponentSpec<Animal> => spec(Animal, config);
const food = (config: unknown): ComponentSpec<Food> => spec(Food, config);

function newRun(): RunContainer {
  const run = new RunContainer(registry);
  run.provide(Size, 3);
  return run;
}

describe('building', () => {
  test('a class gets its options first, then what it asks for', () => {
    const dog = newRun().build(animal({ type: 'dog', name: 'fido' })) as Dog;
    expect(dog).toBeInstanceOf(Dog);
    expect(dog).toMatchObject({ options: { name: 'fido' }, size: 3, food: undefined });
  });

  test('a registered child without a constructor is built like its parent', () => {
    expect(newRun().build(animal('puppy'))).toMatchObject({ options: { name: 'rex' }, size: 3 });
    expect(newRun().build(animal('fish'))).toMatchObject({ options: {}, size: 3 });
  });

  test('parts in options are built, lists of them too, and lazy ones when asked', () => {
    const { options } = newRun().build(
      animal({ type: 'herd', leader: 'dog', others: ['dog', 'puppy'], later: 'dog' }),
    ) as Herd;
    expect(options['leader']).toBeInstanceOf(Dog);
    expect(options['others']).toEqual([expect.any(Dog), expect.any(Puppy)]);
    const later = options['later'] as Lazy<Animal>;
    expect(later.construct()).not.toBe(later.construct());
    expect(later.construct([[Size, 9]])).toMatchObject({ size: 9 });
  });

  test('a component may hold one of its own name', () => {
    const { options } = newRun().build(animal({ type: 'herd', leader: { type: 'herd', leader: 'dog' } })) as Herd;
    expect(options['leader']).toBeInstanceOf(Herd);
  });

  test('values for one construction reach the component and its parts, and nobody else', () => {
    const run = newRun();
    const herd = run.build(animal({ type: 'herd', leader: 'dog' }), [[Size, 8]]) as Herd;
    expect(herd.options['leader']).toMatchObject({ size: 8 });
    expect(run.build(animal('made'), [[Size, 9]])).toMatchObject({ size: 9 });
    expect(run.get(Size)).toBe(3);
  });

  test('an instance is itself, and a lazy part is made with the run', () => {
    const instance = new Dog({ name: 'a' }, 1);
    expect(newRun().build<Animal>(instance)).toBe(instance);
    expect(newRun().build(new LazyPart((run) => run.get(Size)))).toBe(3);
  });

  test('an asynchronous factory is awaited at the top level, and refused below', async () => {
    expect(await newRun().buildAsync(animal('made-later'))).toBeInstanceOf(Dog);
    expect(() => newRun().build(animal('made-later'))).toThrow(/animal "made-later" is built asynchronously/);
  });
});

describe('parts of the run', () => {
  test('are built on demand, and once', () => {
    const run = newRun();
    const make = jest.fn(() => new Dog({ name: 'once' }, 1));
    run.provideLater(tokenOf(Animal), make);
    expect(make).not.toHaveBeenCalled();
    expect(run.get(tokenOf(Animal))).toBe(run.find(Animal));
    expect(make).toHaveBeenCalledTimes(1);
  });

  test('find each other, in whatever order they were provided', () => {
    const run = newRun();
    run.provideComponent(Food, food('meat'));
    run.provideComponent(Animal, animal('cat'));
    expect((run.find(Food) as Meat).animal).toBe(run.find(Animal));
  });

  test('are not those of another run', () => {
    const [one, two] = [newRun(), newRun()];
    for (const run of [one, two]) run.provideComponent(Animal, animal('dog'));
    expect(one.find(Animal)).not.toBe(two.find(Animal));
    two.provide(Missing, 'here');
    expect(one.has(Missing)).toBe(false);
  });

  test('may be null', () => {
    const run = newRun();
    run.provide(Missing, null as never);
    expect(run.get(Missing)).toBeNull();
    expect(run.build(animal('lost'))).toMatchObject({ missing: null });
  });

  test('are undefined where the run has none', () => {
    expect(newRun().find(Food)).toBeUndefined();
  });
});

test('a class without options may have its first parameter injected', () => {
  const run = newRun();
  run.provide(Size, 3);
  expect((run.build(animal('weighed')) as Weighed).size).toBe(3);
});

test('a run frees the parts that it built, the last one first, and only once', () => {
  const freed: string[] = [];
  const disposable = (name: string): { dispose(): void } => ({ dispose: () => void freed.push(name) });
  const run = newRun();
  run.build(new LazyPart(() => disposable('first')));
  run.build(disposable('of the caller'));
  run.provideLater(Missing, () => run.build(new LazyPart(() => disposable('second'))) as never);
  run.provideComponent(Animal, new LazyPart(() => disposable('never asked for')));
  run.get(Missing);
  run.dispose();
  run.dispose();
  expect(freed).toEqual(['second', 'first']);
});

describe('errors', () => {
  test('a cycle is reported with its path', () => {
    const run = newRun();
    run.provideComponent(Food, food('meat'));
    run.provideComponent(Animal, animal('dog'));
    run.provideLater(Size, () => (run.find(Food) as Meat).animal as never);
    const get = (): unknown => run.get(tokenOf(Food));
    expect(get).toThrow(expect.objectContaining({ name: 'DependencyError', code: 'X_DEPENDENCY_CYCLE' }));
    expect(get).toThrow(/food -> food "meat" -> animal -> animal "dog" -> test:size -> food/);
  });

  test('two parts that inject each other are a cycle, and a factory breaks it', () => {
    const run = newRun();
    run.provideComponent(Animal, animal('dog'));
    run.provideComponent(Food, food('meat'));
    expect(() => run.get(tokenOf(Animal))).toThrow(DependencyError);
    expect(() => run.get(tokenOf(Animal))).toThrow(/animal -> animal "dog" -> food -> food "meat" -> animal/);
    const other = newRun();
    other.provideComponent(Animal, animal('dog'));
    other.provideComponent(Food, food('farm'));
    expect((other.find(Animal) as Dog).food).toBeInstanceOf(Farm);
  });

  test('a part that nobody provides is named, with who needs it', () => {
    const build = (): unknown => newRun().build(animal('lost'));
    expect(build).toThrow(expect.objectContaining({ name: 'DependencyError', code: 'X_DEPENDENCY_MISSING' }));
    expect(build).toThrow('animal "lost" needs Missing, which this run does not have');
    expect(() => newRun().get(Missing)).toThrow('the run needs Missing');
  });

  test('an error of a constructor says which component, and keeps its cause', () => {
    const build = (): unknown => newRun().build(animal('moody'));
    expect(build).toThrow(expect.objectContaining({ code: 'X_COMPONENT_FAILED', cause: expect.any(RangeError) }));
    expect(build).toThrow('animal "moody" could not be built: not today');
  });

  test('our own errors pass as they are, from any depth', () => {
    const run = newRun();
    run.provideComponent(Animal, animal('picky'));
    run.provideComponent(Food, food('meat'));
    expect(() => run.get(tokenOf(Food))).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'X_CONFIG_INVALID' }),
    );
    expect(() => newRun().build(animal({ type: 'herd', leader: 'picky' }))).toThrow(ConfigError);
  });

  test('an error that a factory caught is not the reason of a later one', () => {
    const run = newRun();
    run.provideComponent(Animal, animal('picky'));
    const part = new LazyPart((inner) => {
      expect(() => inner.find(Animal)).toThrow(ConfigError);
      throw new TrainerError('X_USAGE', 'something else');
    });
    expect(() => run.build(part)).toThrow('something else');
  });

  test('after an error the run can build again', () => {
    const run = newRun();
    expect(() => run.build(animal('moody'))).toThrow();
    expect(run.build(animal('dog'))).toBeInstanceOf(Dog);
  });
});
