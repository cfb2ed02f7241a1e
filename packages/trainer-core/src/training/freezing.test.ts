import '@tensorflow/tfjs';

import { LineModel } from '../__fixtures__/small-run.js';
import { StateError } from '../errors.js';
import { ParameterSet } from '../state/parameters.js';
import { Freezing } from './freezing.js';

it('frozen parameters are frozen again, and others are not', () => {
  const before = ParameterSet.of(new LineModel().namedVariables());
  before.freeze(['^w$']);
  const after = ParameterSet.of(new LineModel().namedVariables());
  after.freeze(['^b$']);
  new Freezing(after).loadStateDict(new Freezing(before).stateDict());
  expect(after.trainable().names).toEqual(['b']);
});

it('parameters that are not in the model are named, and nothing is changed', () => {
  const parameters = ParameterSet.of(new LineModel().namedVariables());
  const load = (): void => new Freezing(parameters).loadStateDict({ frozen: ['w', 'gone', 'lost'] });
  expect(load).toThrow(StateError);
  expect(load).toThrow('gone, lost');
  expect(parameters.trainable().names).toEqual(['w', 'b']);
});
