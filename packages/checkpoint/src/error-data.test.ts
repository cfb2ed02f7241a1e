import { errorData, errorOf } from './error-data.js';

const sent = (thrown: unknown): Error => errorOf(structuredClone(errorData(thrown)));

test('an error arrives with its code, its name, where it was thrown, and the same of its causes', () => {
  const full = Object.assign(new RangeError('ENOSPC: no space left'), { code: 'ENOSPC', errno: -28 });
  const thrown = Object.assign(new Error('not written', { cause: full }), { code: 'X_CHECKPOINT' });
  expect(sent(thrown)).toMatchObject({
    message: 'not written',
    code: 'X_CHECKPOINT',
    stack: thrown.stack,
    cause: { name: 'RangeError', message: 'ENOSPC: no space left', code: 'ENOSPC' },
  });
  expect(sent(thrown).cause).toBeInstanceOf(Error);
});

test('what cannot be sent does not hide the error', () => {
  const cause = Object.assign(new Error('inner'), { code: () => 1, request: { retry: () => undefined } });
  expect(() => structuredClone({ ...cause })).toThrow();
  expect(sent(new Error('outer', { cause }))).toMatchObject({ message: 'outer', cause: { message: 'inner' } });
  expect(sent(new Error('outer', { cause: Symbol('why') }))).toMatchObject({ cause: { message: 'Symbol(why)' } });
});

test.each([[undefined], [null], ['text'], [7]])('%p that was thrown becomes the message', (thrown) => {
  expect(sent(thrown).message).toBe(String(thrown));
});

test('an error that is its own cause comes to an end', () => {
  const error = new Error('again');
  error.cause = error;
  expect(sent(error)).toMatchObject({ message: 'again', cause: { cause: { message: 'again' } } });
});
