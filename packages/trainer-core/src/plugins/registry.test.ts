import 'reflect-metadata';

import { Initializer } from '../contracts/initializer.js';
import { withLog } from '../log.js';
import { asPlugin, definePlugin } from './plugin.js';
import { Registry } from './registry.js';

@Initializer.register('zeros')
class Zeros extends Initializer {
  create(): never {
    throw new Error('never called');
  }
}

@Initializer.register('zeros')
class OtherZeros extends Zeros {}

@Initializer.register('ones')
class Ones extends Zeros {}

const acme = definePlugin({ name: 'acme', provides: [Zeros, Ones] });

test('what plugins provide is found by kind and name, with the plugin that brought it', () => {
  const registry = new Registry([acme]);
  expect(registry.find('initializer', 'zeros')).toMatchObject({ target: Zeros, plugin: 'acme' });
  expect(registry.all('initializer').map(({ name }) => name)).toEqual(['zeros', 'ones']);
  expect(registry.find('initializer', 'twos')).toBeUndefined();
  expect(registry.find('optimizer', 'zeros')).toBeUndefined();
  expect(registry.all('optimizer')).toEqual([]);
});

test('two plugins with one name are refused, naming both', () => {
  const other = definePlugin({ name: 'other', provides: [OtherZeros] });
  const make = (): unknown => new Registry([acme, other]);
  expect(make).toThrow(expect.objectContaining({ name: 'PluginError', code: 'X_PLUGIN_DUPLICATE_NAME' }));
  expect(make).toThrow(/acme \(class Zeros\) and other \(class OtherZeros\)/);
});

test('a plugin may say that its class replaces one of that name', () => {
  const messages: string[] = [];
  const other = definePlugin({ name: 'other', provides: [OtherZeros], replaces: [OtherZeros] });
  const registry = withLog({ info: (message) => messages.push(message), warn: () => undefined }, () => {
    return new Registry([acme, other]);
  });
  expect(registry.find('initializer', 'zeros')).toMatchObject({ target: OtherZeros, plugin: 'other' });
  expect(messages).toEqual(['other replaces the initializer "zeros" of acme']);
});

test('names start with the default of their extension point', () => {
  @Initializer.register('normal')
  class Normal extends Zeros {}
  const registry = new Registry([acme, definePlugin({ name: 'normal', provides: [Normal] })]);
  expect(registry.names(Initializer)).toEqual(['normal', 'zeros', 'ones']);
  expect(new Registry([acme]).names(Initializer)).toEqual(['zeros', 'ones']);
});

test('one class in two plugins is no conflict', () => {
  expect(() => new Registry([acme, definePlugin({ name: 'again', provides: [Ones] })])).not.toThrow();
});

test('a plugin cannot list a class that is not registered', () => {
  class Bare {}
  expect(() => definePlugin({ name: 'acme', provides: [Bare] })).toThrow(
    /acme lists the class Bare, which no decorator registers/,
  );
});

test('a decorated class stands for a plugin of its own; other values do not', () => {
  expect(asPlugin(Zeros)).toMatchObject({ name: 'Zeros', provides: [Zeros] });
  expect(asPlugin(acme)).toBe(acme);
  for (const value of [{}, { name: 'a', provides: [] }, 'acme', null, undefined, class {}])
    expect(asPlugin(value)).toBeUndefined();
});
