import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { ModelError } from '../errors.js';
import { Parameter, ParameterSet } from './parameters.js';

function parameterSet(names: readonly string[]): ParameterSet {
  return ParameterSet.of(tf.tidy(() => Object.fromEntries(names.map((name) => [name, tf.variable(tf.zeros([2, 3]))]))));
}

it('keeps the order of the model and finds parameters by name', () => {
  const set = parameterSet(['b', 'a', 'c']);
  expect(set.names).toEqual(['b', 'a', 'c']);
  expect([...set].map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  expect(set.size).toBe(3);
  expect(set.get('a')!.shape).toEqual([2, 3]);
  expect(set.get('d')).toBeUndefined();
});

it('freezing searches names, skips what is frozen, and is the variable’s own flag', () => {
  const set = parameterSet(['encoder.weight', 'encoder.bias', 'head.bias']);
  expect(set.freeze(['bias$', /^nothing/])).toEqual(['encoder.bias', 'head.bias']);
  expect(set.freeze(['encoder'])).toEqual(['encoder.weight']);
  expect(set.trainable().names).toEqual([]);
  set.get('head.bias')!.trainable = true;
  expect(set.get('head.bias')!.variable.trainable).toBe(true);
  expect(set.trainable().names).toEqual(['head.bias']);
});

it('patterns that find nothing are known as they were written, each once', () => {
  const set = parameterSet(['encoder.weight', 'head.bias']);
  set.freeze(['head']);
  expect(set.unmatched(['head', '^nothing', /en/y, '^nothing', /Head/])).toEqual(['^nothing', /Head/]);
});

it('two parameters of one name are refused', () => {
  const [first] = parameterSet(['w']);
  expect(() => new ParameterSet([first!, new Parameter('w', first!.variable)])).toThrow(ModelError);
});
