import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { lineBatches, LineModel, MemoryCheckpointer, weightsOf } from '../__fixtures__/small-run.js';
import { Checkpointer } from '../contracts/checkpointer.js';
import { CheckpointState, Trainer } from '../contracts/trainer.js';
import type { TrainingMetrics } from '../contracts/trainer.js';
import { Model } from '../contracts/model.js';
import type { ModelLike } from '../contracts/model.js';
import { DataLoader } from '../contracts/data-loader.js';
import type { Batch } from '../contracts/batch.js';
import { component } from '../plugins/component.js';
import type { Built } from '../plugins/component.js';
import { SerializationDir, TheModel } from '../plugins/run-tokens.js';
import { inject } from '../plugins/tokens.js';
import { trainFromConfig } from '../run/train-from-config.js';
import { BatchList } from './batch-list.js';

const HillClimberOptions = z.strictObject({
  rounds: z.int().positive().describe('Attempts'),
  checkpointer: component(Checkpointer),
});

/** Tries fixed changes and keeps those that lower the loss: a trainer that shares nothing with gradient descent. */
@Trainer.register('hill_climber', HillClimberOptions)
class HillClimber extends Trainer {
  private round = 0;

  constructor(
    private readonly options: Built<z.output<typeof HillClimberOptions>>,
    @inject(TheModel) private readonly model: ModelLike,
    @inject(DataLoader) private readonly dataLoader: DataLoader,
    @inject(SerializationDir) serializationDir: string | null,
  ) {
    super({ serializationDir });
  }

  override async train(): Promise<TrainingMetrics> {
    const b = this.model.namedVariables()['b']!;
    for (; this.round < this.options.rounds; this.round++) {
      const before = await this.loss();
      const old = tf.clone(b);
      tf.tidy(() => b.assign(tf.add(b, this.round % 2 === 0 ? 0.5 : -0.5)));
      if ((await this.loss()) > before) b.assign(old);
      old.dispose();
      const position = { epoch: this.round, batchesThisEpoch: 0, batchNumTotal: this.round + 1 };
      await this.options.checkpointer.saveCheckpoint(this, position, true);
    }
    return { training_loss: await this.loss() };
  }

  override getCheckpointState(): CheckpointState {
    const weights = Object.entries(this.model.namedVariables()).map(([name, variable]) => [name, tf.clone(variable)]);
    return new CheckpointState(Object.fromEntries(weights), { round: this.round });
  }

  private async loss(): Promise<number> {
    let total = 0;
    for await (const batch of this.dataLoader.epoch({ epoch: 0 })) {
      total += tf.tidy(() => this.model.forward(batch, { training: false })['loss']!.dataSync()[0]!);
      tf.dispose(Object.values(batch) as tf.Tensor[]);
    }
    return total;
  }
}

@Model.register('fixture_line')
class FixtureLine extends Model {
  private readonly line = new LineModel();

  override namedVariables(): Record<string, tf.Variable> {
    return this.line.namedVariables();
  }

  override forward(...args: Parameters<LineModel['forward']>): ReturnType<LineModel['forward']> {
    return this.line.forward(...args);
  }

  weights(): number[] {
    return weightsOf(this.line);
  }
}

const batches: readonly Batch[] = lineBatches(4);
const saved = new MemoryCheckpointer();
DataLoader.register('fixture_batches', z.strictObject({}), () => new BatchList(batches))(BatchList);
Checkpointer.register('fixture_memory', z.strictObject({}), () => saved)(MemoryCheckpointer);

const config = (trainer: object): object => ({
  model: 'fixture_line',
  dataLoader: { type: 'fixture_batches' },
  trainer: { type: 'hill_climber', checkpointer: 'fixture_memory', ...trainer },
});
const plugins = [HillClimber, FixtureLine, BatchList, MemoryCheckpointer];

it("a stranger's trainer is chosen by name, gets its options and parts, and any checkpointer saves it", async () => {
  const { model, metrics } = await trainFromConfig(config({ rounds: 3 }), { plugins });
  // by hand, the best bias for these weights is 1.80625: up to 0.5, down (worse, undone), up to 1
  expect((model as FixtureLine).weights()[2]).toBe(1);
  expect(metrics['training_loss']).toBeGreaterThan(0);
  expect(saved.positions.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
  const restored = (await saved.restoreCheckpoint())!;
  expect(restored.trainingState).toEqual({ round: 2 });
  expect([...restored.modelState['b']!.dataSync()]).toEqual([1]);
});

it("mistakes in its options are reported with their path, as everybody's are", async () => {
  await expect(trainFromConfig(config({ rounds: 0, steps: 3 }), { plugins })).rejects.toMatchObject({
    code: 'X_CONFIG',
    message: expect.stringMatching(/trainer\.rounds: .*\n.*trainer\.steps: unknown key/) as string,
  });
});
