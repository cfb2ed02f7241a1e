import '@tensorflow/tfjs';

import { LineModel, lineBatches, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import type { EngineDescription } from '../contracts/engine.js';
import type { ResumeMode } from '../contracts/trainer.js';
import { EagerEngine } from '../engine/eager-engine.js';
import { withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import type { StateDict } from '../state/state-dict.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

/** An engine with a description, and a count that its choices follow. */
class Counting extends EagerEngine {
  count: number;

  constructor(
    private readonly description: EngineDescription,
    count = 0,
  ) {
    super();
    this.count = count;
  }

  override describe(): EngineDescription {
    return this.description;
  }

  override stateDict(): StateDict {
    return { count: this.count };
  }

  override loadStateDict(state: StateDict): void {
    this.count = state['count'] as number;
  }
}

/** Trains an epoch on one engine, and another one on the next. Returns what was warned about. */
async function goOn(first: Counting, second: Counting, resume?: ResumeMode): Promise<string[]> {
  const checkpointer = new MemoryCheckpointer();
  const warnings: string[] = [];
  const train = async (engine: Counting, numEpochs: number, mode?: ResumeMode): Promise<void> => {
    const model = new LineModel(0);
    await new GradientDescentTrainer({
      model,
      optimizer: new MomentumDescent({ lr: 0.01, momentum: 0.9 }, ParameterSet.of(model.namedVariables())),
      dataLoader: lineBatches(2),
      checkpointer,
      engine,
      numEpochs,
    }).train({ resume: mode });
  };
  await train(first, 1);
  const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
  await withLog(log, () => train(second, 2, resume));
  checkpointer.dispose();
  return warnings;
}

const fast = { name: 'fast', version: '1.2', threads: 2 };

it('a run that goes on with the same engine says nothing, and the engine goes on from its state', async () => {
  const second = new Counting({ threads: 2, version: '1.2', name: 'fast' });
  expect(await goOn(new Counting(fast, 7), second)).toEqual([]);
  expect(second.count).toBe(7);
});

it('another choice of the engine is refused with both', async () => {
  const second = new Counting({ ...fast, threads: 4 });
  await expect(goOn(new Counting(fast, 7), second)).rejects.toMatchObject({
    code: 'X_CHECKPOINT',
    message: expect.stringContaining('engine.threads: the checkpoint has 2, this run has 4') as string,
  });
  expect(second.count).toBe(0);
});

it('another choice of the engine is warned about where the run is to go on anyway, and its state is kept', async () => {
  const second = new Counting({ ...fast, threads: 4 });
  expect(await goOn(new Counting(fast, 7), second, 'anyway')).toEqual([
    'going on although the checkpoint differs: engine.threads: the checkpoint has 2, this run has 4',
  ]);
  expect(second.count).toBe(7);
});

it('another engine that goes on anyway begins anew', async () => {
  const second = new Counting({ name: 'slow', version: '3', backend: 'cpu' });
  const warnings = await goOn(new Counting(fast, 7), second, 'anyway');
  expect(warnings).toHaveLength(4);
  expect(warnings[0]).toContain('engine.name: the checkpoint has "fast", this run has "slow"');
  expect(second.count).toBe(0);
});
