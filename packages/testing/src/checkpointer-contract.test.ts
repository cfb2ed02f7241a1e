import '@tensorflow/tfjs';
import type { Checkpointable, CheckpointPosition, RestoredCheckpoint, StateDict, TensorMap } from '@x/trainer-core';

import { checkpointerContract, contractReport, InMemoryCheckpointer } from './index.js';

/** One for each folder, as if the folder held what it saves. */
function perFolder(Class: new () => InMemoryCheckpointer): (folder: string) => InMemoryCheckpointer {
  const made = new Map<string, InMemoryCheckpointer>();
  return (folder) => {
    const checkpointer = made.get(folder) ?? new Class();
    made.set(folder, checkpointer);
    return checkpointer;
  };
}

checkpointerContract({ describe, it }, { name: 'InMemoryCheckpointer', make: perFolder(InMemoryCheckpointer) });

class ThroughJson extends InMemoryCheckpointer {
  override async restoreCheckpoint(): Promise<RestoredCheckpoint | null> {
    const restored = await super.restoreCheckpoint();
    if (restored === null) return null;
    const numbers = JSON.parse(JSON.stringify(restored.trainingState['numbers'])) as StateDict;
    return { ...restored, trainingState: { ...restored.trainingState, numbers } };
  }
}

class First extends InMemoryCheckpointer {
  override async saveCheckpoint(...checkpoint: Parameters<InMemoryCheckpointer['saveCheckpoint']>): Promise<void> {
    if (this.positions.length === 0) await super.saveCheckpoint(...checkpoint);
  }
}

class AlwaysBest extends InMemoryCheckpointer {
  override saveCheckpoint(trainer: Checkpointable, position: CheckpointPosition): Promise<void> {
    return super.saveCheckpoint(trainer, position, true);
  }
}

class Lending extends InMemoryCheckpointer {
  private lent: TensorMap | null = null;

  override async bestModelState(): Promise<TensorMap | null> {
    this.lent ??= await super.bestModelState();
    return this.lent;
  }
}

class Leaky extends InMemoryCheckpointer {
  override async saveCheckpoint(trainer: Checkpointable, ...where: [CheckpointPosition, boolean?]): Promise<void> {
    trainer.getCheckpointState();
    await super.saveCheckpoint(trainer, ...where);
  }
}

class Lying extends InMemoryCheckpointer {
  override async maybeSaveCheckpoint(): Promise<boolean> {
    return true;
  }
}

class Silent extends InMemoryCheckpointer {
  override async saveCheckpoint(...checkpoint: Parameters<InMemoryCheckpointer['saveCheckpoint']>): Promise<void> {
    await super.saveCheckpoint(...checkpoint).catch(() => undefined);
  }
}

it.each([
  [ThroughJson, 'gives back every kind of state exactly: nested, special numbers, tensors of all types'],
  [First, 'gives back the newest checkpoint, also one in the middle of an epoch'],
  [AlwaysBest, 'keeps the best weights until there are better ones'],
  [Lending, 'gives back tensors that are the caller’s, again and again'],
  [Leaky, 'gives back every kind of state exactly: nested, special numbers, tensors of all types'],
  [Lying, 'saves by its own rule whenever it says that it did'],
  [Silent, 'keeps the earlier checkpoint where a state cannot be had'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    checkpointerContract(runner, { name: 'broken', make: perFolder(Broken) }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
