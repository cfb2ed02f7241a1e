import { flattenConfig, unflattenConfig } from './flat.js';

test('leaves by path: lists are leaves, objects without entries vanish', () => {
  expect(flattenConfig({ a: { b: 1, c: { d: [1, { e: 2 }] } }, f: null, g: {} })).toEqual({
    'a.b': 1,
    'a.c.d': [1, { e: 2 }],
    f: null,
  });
});

test('paths become objects, which longer paths extend', () => {
  const flat = { a: { x: 1 }, 'a.y': 2, 'b.c.d': 3, 'b.e': [4] };
  expect(unflattenConfig(flat)).toEqual({ a: { x: 1, y: 2 }, b: { c: { d: 3 }, e: [4] } });
  expect(flat.a).toEqual({ x: 1 });
});

test('every path that another one is in the way of is named', () => {
  const flat = { 'a.b': 1, a: 2, c: 3, 'c.d': 4, 'e.numEpochs': 5, 'e.num_epochs': 6 };
  expect(() => unflattenConfig(flat)).toThrow(
    expect.objectContaining({
      name: 'ConfigError',
      problems: [
        expect.objectContaining({ path: 'a', message: expect.stringContaining('above another path') }),
        expect.objectContaining({
          path: 'c.d',
          message: expect.stringContaining('below "c", which is given as number 3'),
        }),
        expect.objectContaining({ path: 'e.num_epochs' }),
      ],
    }),
  );
});
