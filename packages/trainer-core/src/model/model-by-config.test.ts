import 'reflect-metadata';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { validate } from '../config/validate.js';
import { Model } from '../contracts/model.js';
import { corePlugin } from '../plugin.js';
import { component, withRegistry } from '../plugins/component.js';
import { RunContainer } from '../plugins/container.js';
import { definePlugin } from '../plugins/plugin.js';
import { Registry } from '../plugins/registry.js';
import { functionalModel, FunctionalModel } from './functional-model.js';
import { InitializerApplicator } from './initializer-applicator.js';
import { RegularizerApplicator } from './regularizers/applicator.js';

const Options = z.strictObject({
  initializer: component(InitializerApplicator).optional(),
  regularizer: component(RegularizerApplicator).optional(),
});

@Model.register('linear', Options, ({ initializer, regularizer }, run) =>
  functionalModel({
    init: () => ({ weight: tf.zeros([2]), bias: tf.zeros([1]) }),
    forward: () => ({}),
    initializer: initializer && run.build(initializer),
    regularizer: regularizer && run.build(regularizer),
  }),
)
class Linear extends FunctionalModel {}

const registry = new Registry([corePlugin, definePlugin({ name: 'test', provides: [Linear] })]);

function build(config: Record<string, unknown>): Model {
  const checked = withRegistry(registry, () => validate(component(Model), { type: 'linear', ...config }));
  if (checked.ok) return new RunContainer(registry).build(checked.value);
  throw new Error(checked.problems.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'));
}

describe('a model by config', () => {
  it('takes an initializer and a regularizer by patterns of parameter names', () => {
    const model = build({
      initializer: { regexes: [['weight', { type: 'constant', val: 3 }]] },
      regularizer: { regexes: [['(?P<which>weight)', { type: 'l2', alpha: 0.5 }]] },
    });

    expect([...model.namedVariables()['weight']!.dataSync()]).toEqual([3, 3]);
    // 0.5 x (9 + 9)
    expect(model.regularizationPenalty!()!.dataSync()[0]).toBeCloseTo(9, 5);
  });

  it('needs neither', () => {
    expect(build({}).regularizationPenalty!()).toBeNull();
  });

  it.each([
    [{ initializer: { regexes: [['[', 'zero']] } }, /initializer\.regexes\.0\.0: is not a valid regular expression/],
    [{ initializer: { regexes: [['a', 'prevent']] } }, /regexes\.0\.1\.type: no listed plugin provides.*"prevent"/],
    [{ initializer: { regexes: [['a', { type: 'constant' }]] } }, /regexes\.0\.1\.val/],
    [{ regularizer: { regexs: [] } }, /regularizer\.regexs: unknown key "regexs"; did you mean "regexes"/],
  ])('says what is wrong with %j', (config, message) => {
    expect(() => build(config)).toThrow(message);
  });
});
