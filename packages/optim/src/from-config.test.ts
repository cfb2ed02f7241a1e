import '@tensorflow/tfjs';
import { tinyRegression } from '@x/testing';
import type { TinyRegression } from '@x/testing';
import { ConfigError, configJsonSchema, corePlugin, GradientDescentTrainer, Registry, withLog } from '@x/trainer-core';
import type { PartialObjects } from '@x/trainer-core';

import optim, { MultiOptimizer, ScheduleFreeAverage } from './index.js';

interface Trained {
  readonly model: TinyRegression;
  readonly trainer: GradientDescentTrainer;
  readonly warnings: readonly string[];
}

/** Two epochs of five steps with those parts. */
async function train(parts: Partial<PartialObjects>): Promise<Trained> {
  const model = tinyRegression();
  const warnings: string[] = [];
  const trainer = await withLog({ info: () => undefined, warn: (message) => warnings.push(message) }, async () => {
    const made = GradientDescentTrainer.fromPartialObjects({
      model,
      dataLoader: model.batches,
      numEpochs: 2,
      plugins: [optim],
      ...parts,
    });
    await made.train();
    return made;
  });
  return { model, trainer, warnings };
}

it('a schedule-free optimizer gets its average by name', async () => {
  const { trainer, warnings } = await train({ optimizer: 'schedule_free_adamw', movingAverage: 'schedule_free' });
  expect(trainer.movingAverage).toBeInstanceOf(ScheduleFreeAverage);
  const [parameter] = trainer.optimizer.groups[0]!.parameters;
  const { x } = trainer.optimizer.state.slotsOf(parameter!);
  expect([...trainer.movingAverage!.shadows.get(parameter!.name)!.dataSync()]).toEqual([...x!.dataSync()]);
  expect(warnings).toEqual([]);
});

it('the average of a schedule-free optimizer is refused with another one', async () => {
  const run = train({ optimizer: 'adam', movingAverage: 'schedule_free' });
  await expect(run).rejects.toThrow(ConfigError);
  await expect(run).rejects.toThrow(/trainer\.movingAverage: .* the optimizer is none/);
});

it('stochastic weight averaging in epochs knows the steps of one', async () => {
  const { model, trainer } = await train({
    optimizer: { type: 'sgd', lr: 0.1 },
    movingAverage: { type: 'stochastic_weight_averaging', start: 1 },
  });
  const after = async (numEpochs: number): Promise<number> =>
    (await train({ optimizer: { type: 'sgd', lr: 0.1 }, numEpochs })).model.weight.dataSync()[0]!;
  expect(model.weight.dataSync()[0]).toBe(await after(2));
  const average = trainer.movingAverage!.shadows.get('weight')!.dataSync()[0]!;
  expect(average).toBeCloseTo(((await after(1)) + (await after(2))) / 2, 6);
});

it('several optimizers train one model, each with the parts that it needs', async () => {
  const { trainer, warnings } = await train({
    optimizer: {
      type: 'multi',
      optimizers: { default: { type: 'huggingface_adamw', lr: 0.1 }, matrices: { type: 'muon', lr: 0.1 } },
      parameter_groups: [[['weight'], { optimizer_name: 'matrices', weight_decay: 0 }]],
    },
    movingAverage: { type: 'exponential', decay: 0.5 },
  });
  expect(trainer.optimizer).toBeInstanceOf(MultiOptimizer);
  expect(trainer.batchNumTotal).toBe(10);
  expect(warnings).toEqual([]);
});

it('the schema for editors knows what may stand in multi', () => {
  const { $defs } = configJsonSchema(new Registry([corePlugin, optim]));
  const multi = ($defs as Record<string, { properties: Record<string, object> }>)['optimizer.multi']!;
  expect(multi.properties['optimizers']).toMatchObject({ additionalProperties: { $ref: '#/$defs/optimizer' } });
});
