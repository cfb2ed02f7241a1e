import { ConfigError } from './errors.js';

it.each([
  ['the options of adam', 'the options of adam have a problem:'],
  ["the trainer's options", "the trainer's options have a problem:"],
  ["the optimizer's parameter groups", "the optimizer's parameter groups have a problem:"],
  ['the configuration', 'the configuration has a problem:'],
  ['the options.json5', 'the options.json5 has a problem:'],
  ['options.json5', 'options.json5 has a problem:'],
])('what is wrong with %s is said in its number', (source, line) => {
  expect(ConfigError.of('X_CONFIG_INVALID', 'lr', 'no', source).message).toBe(`${line}\n  lr: no [X_CONFIG_INVALID]`);
});

it('a problem of the whole config is at its top level, one of the file has no place in it', () => {
  const messageOf = (code: 'X_CONFIG_INVALID' | 'X_CONFIG_FILE'): string => ConfigError.of(code, '', 'no', 'a').message;
  expect(messageOf('X_CONFIG_INVALID')).toBe('a has a problem:\n  (top level): no [X_CONFIG_INVALID]');
  expect(messageOf('X_CONFIG_FILE')).toBe('a has a problem:\n  no [X_CONFIG_FILE]');
});
