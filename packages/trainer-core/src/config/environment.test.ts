import { resolveEnvironment } from './environment.js';
import { nullForNone } from './none.js';

const environment = {
  HOME_DIR: '/data',
  LR: '0.5',
  EMPTY: '',
  NAME: 'run 7',
  YES: 'true',
  PYTHON_NO: 'False',
  ID: '007',
  NOTHING: 'null',
};

test.each([
  ['${HOME_DIR}/mnist', '/data/mnist'],
  ['${LR}', 0.5],
  ['lr is ${LR}', 'lr is 0.5'],
  ['${YES}', true],
  ['${PYTHON_NO}', false],
  ['${ID}', 7],
  ['${NOTHING}', null],
  ['${NAME}', 'run 7'],
  ['${EMPTY}', ''],
  ['${MISSING:-3}', 3],
  ['${MISSING:-}', ''],
  ['${NAME:-other}', 'run 7'],
  ['$${NAME}', '${NAME}'],
  ['$NAME', '$NAME'],
  ['a^(b|c)$', 'a^(b|c)$'],
])('%s becomes %j', (written, value) => {
  expect(resolveEnvironment({ a: [{ b: written }] }, environment)).toEqual({ a: [{ b: value }] });
});

test('every missing variable is named with its path', () => {
  const config = { model: { path: '${ONE}/${TWO}' }, list: ['${THREE}'] };
  const error = expect(() => resolveEnvironment(config, environment, 'run.json5'));
  error.toThrow(
    expect.objectContaining({
      source: 'run.json5',
      problems: [
        expect.objectContaining({
          code: 'X_CONFIG_ENVIRONMENT',
          path: 'model.path',
          message: expect.stringContaining('ONE'),
        }),
        expect.objectContaining({
          code: 'X_CONFIG_ENVIRONMENT',
          path: 'model.path',
          message: expect.stringContaining('TWO'),
        }),
        expect.objectContaining({
          code: 'X_CONFIG_ENVIRONMENT',
          path: 'list.0',
          message: expect.stringContaining('THREE'),
        }),
      ],
    }),
  );
});

test('instances that code put into a config stay the same objects', () => {
  const instance = new (class Part {
    readonly text = '${MISSING}';
  })();
  expect(resolveEnvironment({ model: instance }, environment)['model']).toBe(instance);
});

test('strings that are exactly None become null, at any depth', () => {
  expect(nullForNone({ a: 'None', b: [{ c: 'None' }, 'none', 'None '] })).toEqual({
    a: null,
    b: [{ c: null }, 'none', 'None '],
  });
});
