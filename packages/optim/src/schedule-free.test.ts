import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { InMemoryCheckpointer, tinyRegression, toHost } from '@x/testing';
import type { TinyRegression } from '@x/testing';
import {
  ConfigError,
  GradientDescentTrainer,
  Optimizer,
  ParameterSet,
  TrainerCallback,
  withLog,
} from '@x/trainer-core';

import { build } from './__fixtures__/fixture.js';
import { AdamW, ScheduleFreeAdamW, ScheduleFreeAverage } from './index.js';

interface Run {
  readonly model: TinyRegression;
  readonly optimizer: ScheduleFreeAdamW;
  readonly trainer: GradientDescentTrainer;
}

function start(checkpointer: InMemoryCheckpointer, numEpochs: number, callbacks: TrainerCallback[] = []): Run {
  const model = tinyRegression({ noise: 0.1 });
  const parameters = ParameterSet.of(model.namedVariables());
  const optimizer = new ScheduleFreeAdamW({ lr: 0.1, warmupSteps: 3 }, parameters);
  const trainer = new GradientDescentTrainer({
    model,
    optimizer,
    movingAverage: new ScheduleFreeAverage(parameters, optimizer),
    dataLoader: model.batches,
    validationDataLoader: model.batches,
    checkpointer,
    numEpochs,
    callbacks,
  });
  return { model, optimizer, trainer };
}

async function train(checkpointer: InMemoryCheckpointer, numEpochs: number): Promise<Run> {
  const run = start(checkpointer, numEpochs);
  await withLog({ info: () => undefined, warn: () => undefined }, () => run.trainer.train());
  return run;
}

function averagesOf({ model, optimizer }: Run): Record<string, tf.Variable> {
  const slots = [...ParameterSet.of(model.namedVariables())].map(
    (parameter) => [parameter.name, optimizer.state.slotsOf(parameter)['x']!] as const,
  );
  return Object.fromEntries(slots);
}

describe('the average of a schedule-free optimizer', () => {
  it('is what is saved, as the best weights and as those of a checkpoint, and what the model ends with', async () => {
    const checkpointer = new InMemoryCheckpointer();
    const run = await train(checkpointer, 3);
    const expected = await toHost(averagesOf(run));
    expect(await toHost(await checkpointer.bestModelState())).toEqual(expected);
    expect(await toHost((await checkpointer.restoreCheckpoint())!.modelState)).toEqual(expected);
    expect(await toHost(run.model.namedVariables())).toEqual(expected);
  });

  it('is what validation sees', async () => {
    const run = start(new InMemoryCheckpointer(), 2);
    const { best_validation_loss: loss } = await run.trainer.train();
    const { batches } = run.model;
    const losses = batches.map((batch) => run.model.forward(batch, { training: false })['loss']!.dataSync()[0]!);
    // the model holds x by now
    expect(loss).toBeCloseTo(losses.reduce((sum, each) => sum + each, 0) / batches.length, 6);
  });

  it('goes on from a checkpoint bit for bit', async () => {
    const whole = await train(new InMemoryCheckpointer(), 4);
    const checkpointer = new InMemoryCheckpointer();
    await train(checkpointer, 2);
    const resumed = await train(checkpointer, 4);
    expect(resumed.trainer.batchNumTotal).toBe(20);
    expect(await toHost(resumed.model.namedVariables())).toEqual(await toHost(whole.model.namedVariables()));
    expect(await toHost(resumed.optimizer.stateDict())).toEqual(await toHost(whole.optimizer.stateDict()));
  });

  it('stays where it was when its parameter is frozen', async () => {
    const run = start(new InMemoryCheckpointer(), 2, [
      new (class extends TrainerCallback {
        override onEpochEnd(): void {
          run.model.weight.trainable = false;
        }
      })(),
    ]);
    await run.trainer.train();
    const { shadows } = run.trainer.movingAverage!;
    expect([...shadows.get('weight')!.dataSync()]).toEqual([...averagesOf(run)['weight']!.dataSync()]);
    expect(run.optimizer.state.stepsOf(run.optimizer.groups[0]!.parameters[0]!)).toBe(5);
  });

  it('is refused with an optimizer that keeps none, and leaves nothing behind', () => {
    const parameters = ParameterSet.of({ w: tf.variable(tf.scalar(1)) });
    const before = tf.memory().numTensors;
    const make = (): unknown => new ScheduleFreeAverage(parameters, new AdamW({}, parameters));
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(/use the optimizer "schedule_free_adamw"/);
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('stays where it is, and finite, while the learning rate is 0', () => {
  const w = tf.variable(tf.scalar(1));
  const optimizer = new ScheduleFreeAdamW({ lr: 0 }, ParameterSet.of({ w }));
  tf.tidy(() => optimizer.step({ w: tf.scalar(1) }));
  expect(w.dataSync()[0]).toBe(1);
  optimizer.groups[0]!.options['lr'] = 0.1;
  tf.tidy(() => optimizer.step({ w: tf.scalar(1) }));
  // the first step that counts: z = x = y = 1 - lr
  expect(w.dataSync()[0]).toBeCloseTo(0.9, 5);
});

it('warns of a schedule-free optimizer without its average', () => {
  const warnings: string[] = [];
  withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, () =>
    build(Optimizer, { type: 'schedule_free_adamw' }, { w: tf.variable(tf.scalar(1)) }),
  );
  expect(warnings).toEqual([expect.stringMatching(/set movingAverage to "schedule_free"/)]);
});
