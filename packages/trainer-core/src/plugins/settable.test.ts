import 'reflect-metadata';
import { z } from 'zod';

import { configJsonSchema } from '../config/json-schema.js';
import { Trainer } from '../contracts/trainer.js';
import { component } from './component.js';
import { LearningRateScheduler } from '../contracts/scheduler.js';
import { RunContainer } from './container.js';
import { parseComponent } from './parse-component.js';
import { definePlugin } from './plugin.js';
import { Registry } from './registry.js';
import { NumberOfEpochs, StepsPerEpoch } from './run-tokens.js';
import { inject } from './tokens.js';

abstract class Idle extends LearningRateScheduler {
  step(): void {}
  stateDict = (): Record<string, never> => ({});
  loadStateDict(): void {}
}

@LearningRateScheduler.register('triangle', z.strictObject({ ratio: z.number().default(32) }))
class Triangle extends Idle {
  constructor(
    readonly options: { readonly ratio: number },
    @inject(NumberOfEpochs) readonly numEpochs: number,
    @inject(StepsPerEpoch) readonly stepsPerEpoch: number | null,
  ) {
    super();
  }
}

@LearningRateScheduler.register('flat')
class Flat extends Idle {}

@Trainer.register('scheduled', z.strictObject({ scheduler: component(LearningRateScheduler) }))
class Scheduled extends Trainer {
  constructor(_: object) {
    super();
  }

  train = (): Promise<never> => Promise.reject(new Error('never called'));
  getCheckpointState = (): never => {
    throw new Error('never called');
  };
}

const registry = new Registry([definePlugin({ name: 'acme', provides: [Triangle, Flat, Scheduled] })]);

function built(config: object): Triangle {
  const run = new RunContainer(registry);
  run.provide(NumberOfEpochs, 20);
  run.provide(StepsPerEpoch, null);
  return run.build(parseComponent(LearningRateScheduler, { type: 'triangle', ...config }, registry)) as Triangle;
}

test('what a class has injected may be said in its config, in either spelling', () => {
  expect(built({})).toMatchObject({ numEpochs: 20, stepsPerEpoch: null, options: { ratio: 32 } });
  expect(built({ num_epochs: 3, numStepsPerEpoch: 100, ratio: 4 })).toMatchObject({
    numEpochs: 3,
    stepsPerEpoch: 100,
    options: { ratio: 4 },
  });
});

test('it is checked like an option, with all others', () => {
  expect(() => built({ num_epochs: '3', ratio: 'x' })).toThrow(
    expect.objectContaining({
      problems: [
        expect.objectContaining({ code: 'X_CONFIG_WRONG_TYPE', path: 'ratio' }),
        { code: 'X_CONFIG_WRONG_TYPE', path: 'num_epochs', message: 'expected number, received string "3"' },
      ],
    }),
  );
});

test('a class that has it not injected takes no such option', () => {
  expect(() => parseComponent(LearningRateScheduler, { type: 'flat', num_epochs: 3 }, registry)).toThrow(
    /num_epochs: unknown key "num_epochs"; the learningRateScheduler "flat" takes no options/,
  );
});

test('the JSON Schema lists it', () => {
  const { $defs } = configJsonSchema(registry) as { $defs: Record<string, { properties: object }> };
  expect(Object.keys($defs['learningRateScheduler.triangle']!.properties)).toEqual([
    'type',
    'ratio',
    'numEpochs',
    'numStepsPerEpoch',
  ]);
  expect(Object.keys($defs['learningRateScheduler.flat']!.properties)).toEqual(['type']);
});
