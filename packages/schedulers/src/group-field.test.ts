import { FakeOptimizer } from './__fixtures__/fake-optimizer.js';
import { learningRates, momenta } from './group-field.js';

test('each group starts from its own value, and keeps it in its options', () => {
  const optimizer = new FakeOptimizer({ lr: 0.3, parameterGroups: [[['a'], { lr: 0.9 }]] });
  const rates = learningRates(optimizer);
  rates.set((initial, group) => initial * 10 ** group);
  rates.set((initial) => initial / 2);
  expect(optimizer.rates).toEqual([0.45, 0.15]);
  expect(optimizer.values('initialLr')).toEqual([0.9, 0.3]);
});

test('a second scheduler of the same optimizer starts from the same values', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  learningRates(optimizer).set(() => 0.5);
  learningRates(optimizer).set((initial) => initial / 4);
  expect(optimizer.rates).toEqual([0.25]);
});

test('a change starts from the present value', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const rates = learningRates(optimizer);
  rates.change((current) => current / 2);
  rates.change((current) => current / 2);
  expect(optimizer.rates).toEqual([0.25]);
});

test('the present values can become the initial ones', () => {
  const optimizer = new FakeOptimizer({ lr: 1 });
  const rates = learningRates(optimizer);
  rates.change((current) => current / 2);
  rates.rebase();
  rates.set((initial) => initial / 2);
  expect(optimizer.rates).toEqual([0.25]);
});

test('what was saved without a scheduler is the initial value', () => {
  const saved = new FakeOptimizer({ lr: 0.25 }).stateDict();
  const optimizer = new FakeOptimizer({ lr: 1 });
  const rates = learningRates(optimizer);
  optimizer.loadStateDict(saved);
  rates.set((initial) => initial);
  expect(optimizer.rates).toEqual([0.25]);
});

test('momentum is preferred to betas, group by group', () => {
  const optimizer = new FakeOptimizer({ lr: 1, betas: [0.9, 0.999], parameterGroups: [[['a'], { momentum: 0.8 }]] });
  momenta(optimizer).set((initial) => initial / 2);
  expect(optimizer.values('momentum')).toEqual([0.4, undefined]);
  expect(optimizer.values('betas')).toEqual([
    [0.9, 0.999],
    [0.45, 0.999],
  ]);
});

test('betas are replaced, never changed: groups may share the array', () => {
  const betas = Object.freeze([0.9, 0.999]);
  const optimizer = new FakeOptimizer({ lr: 1, betas, parameterGroups: [[['a'], {}]] });
  momenta(optimizer).set((initial, group) => (group === 0 ? 0.1 : initial));
  expect(optimizer.values('betas')).toEqual([
    [0.1, 0.999],
    [0.9, 0.999],
  ]);
});

test('groups that have no such option are all listed', () => {
  const optimizer = new FakeOptimizer({
    eps: 1,
    parameterGroups: [
      [['a'], { lr: 1 }],
      [['b'], {}],
    ],
  });
  expect(() => learningRates(optimizer)).toThrow(
    expect.objectContaining({
      name: 'ConfigError',
      problems: [1, 2].map((i) => ({
        code: 'X_SCHEDULER',
        path: `groups[${i}]`,
        message: expect.stringContaining('needs a learning rate `lr`; received the options {"eps":') as string,
      })),
    }),
  );
  expect(() => momenta(optimizer)).toThrow('needs a `momentum` or `betas`');
  expect(optimizer.values('initialLr')).toEqual([undefined, undefined, undefined]);
});
