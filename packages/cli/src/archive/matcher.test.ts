import { matcher } from './matcher.js';

test.each([
  ['notes.txt', 'notes.txt', true],
  ['./notes.txt', 'notes.txt', true],
  ['notes.txt', 'notes_txt', false],
  ['notes', 'notes.txt', false],
  ['*.txt', 'notes.txt', true],
  ['*.txt', 'deep/notes.txt', false],
  ['deep/*.txt', 'deep/notes.txt', true],
  ['metrics_epoch_?.json', 'metrics_epoch_3.json', true],
  ['metrics_epoch_?.json', 'metrics_epoch_12.json', false],
  ['log', 'log/train/events', true],
  ['log/', 'log/train/events', true],
  ['a+b(1)', 'a+b(1)', true],
])('%s names %s: %s', (pattern, path, expected) => {
  expect(matcher([pattern])(path)).toBe(expected);
});

test('one of several patterns is enough, none names nothing', () => {
  expect(matcher(['a', 'b'])('b')).toBe(true);
  expect(matcher([])('b')).toBe(false);
});
