import { camelCase, nearestName } from './spelling.js';

test.each([
  ['num_epochs', 'numEpochs'],
  ['num_gradient_accumulation_steps', 'numGradientAccumulationSteps'],
  ['numEpochs', 'numEpochs'],
  ['t_0', 't0'],
  ['T_max', 'tMax'],
  ['_private', '_private'],
])('%s is %s in camelCase', (key, expected) => {
  expect(camelCase(key)).toBe(expected);
});

test('the nearest name is one that is only a slip away', () => {
  expect(nearestName('adamm', ['sgd', 'adam', 'adamw'])).toBe('adam');
  expect(nearestName('rmsprop', ['sgd', 'adam'])).toBeUndefined();
  expect(nearestName('a', [])).toBeUndefined();
});
