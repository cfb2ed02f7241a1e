import { writtenConfig } from './written-config.js';

const order = (config: unknown): string => JSON.stringify(config);

test("keys stand in the original's order at every depth, in either spelling", () => {
  const config = {
    zebra: 1,
    trainer: { b: 1, type: 'x', a: 2 },
    plugins: [{ b: 1, a: 2 }],
    testDataPath: 't',
    model: { type: 'm' },
    dataset_reader: {},
  };
  expect(order(writtenConfig(config))).toBe(
    order({
      dataset_reader: {},
      model: { type: 'm' },
      testDataPath: 't',
      trainer: { type: 'x', a: 2, b: 1 },
      plugins: [{ b: 1, a: 2 }],
      zebra: 1,
    }),
  );
});

test('other preferences may be given', () => {
  expect(order(writtenConfig({ a: 1, model: {}, k: 2, zebra: 3 }, [['zebra', 'k'], ['model']]))).toBe(
    order({ zebra: 3, k: 2, model: {}, a: 1 }),
  );
});

test('what code put into a config is named', () => {
  class Part {
    readonly size = 1;
  }
  expect(writtenConfig({ plugins: [Part], model: new Part(), off: undefined })).toEqual({
    model: '[Part]',
    plugins: ['[Part]'],
  });
});
