import { ConfigError } from '../errors.js';
import { pattern, searchPattern } from './pattern.js';

// Expectations are those of Python's re.search.
describe('searchPattern', () => {
  it.each([
    ['bias', 'layer.bias', true],
    ['^bias', 'layer.bias', false],
    ['', 'anything', true],
    ['(?i)BIAS', 'layer.bias', true],
    ['(?i)(?s)A.B', 'a\nb', true],
    ['(?m)^b$', 'a\nb\nc', true],
    ['(?m)\\Ab\\Z', 'a\nb\nc', false],
    ['\\Aenc', 'enc.w', true],
    ['\\Aw', 'enc.w', false],
    ['w\\Z', 'enc.w', true],
    ['enc\\Z', 'enc.w', false],
    ['(?P<n>en)c(?P=n)', 'encen', true],
    ['(?P<n>en)c(?P=n)', 'encxx', false],
    ['^a(?#any number)b{,2}$', 'abb', true],
    ['^ab{,2}$', 'abbb', false],
    ['^[]x]+$', ']x]', true],
    ['^[^]x]+$', 'a]', false],
    ['[(?P<]', 'P', true],
    ['\\(\\?P', '(?P', true],
    ['(?<!ih_)l0', 'weight_ih_l0', false],
  ])('%j in %j: %s', (source, text, found) => {
    expect(searchPattern(source).test(text)).toBe(found);
  });

  it.each(['[', '*x', '(a', 'a)', '(?x)a b', '(?L)a', '\\q', '(?P<1>a)', 'a**'])('refuses %j', (source) => {
    expect(() => searchPattern(source)).toThrow(ConfigError);
    expect(pattern.safeParse(source).error?.issues[0]?.message).toMatch(/^is not a valid regular expression: /);
  });

  it('takes an expression, which then keeps no position', () => {
    const regex = searchPattern(/B/gi);

    expect([regex.test('b'), regex.test('b')]).toEqual([true, true]);
  });
});
