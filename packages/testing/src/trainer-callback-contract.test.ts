import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { GradientDescentTrainer, StateDict, StepEvent, TrainerView } from '@x/trainer-core';
import {
  BatchCallback,
  EpochCallback,
  ShouldValidate,
  TrackEpoch,
  TrainerCallback,
  ValidateEveryNSteps,
} from '@x/trainer-core';

import {
  batchCallbackContract,
  contractReport,
  epochCallbackContract,
  RecordingCallback,
  trainerCallbackContract,
} from './index.js';

trainerCallbackContract({ describe, it }, { name: 'RecordingCallback', make: () => new RecordingCallback() });

const core = {
  ShouldValidate: () => new ShouldValidate({ validationStart: 1 }),
  TrackEpoch: () => new TrackEpoch(),
  ValidateEveryNSteps: () => new ValidateEveryNSteps({ steps: 2 }),
};
for (const [name, make] of Object.entries(core)) trainerCallbackContract({ describe, it }, { name, make });

class HalvingLearningRate extends EpochCallback {
  override onEpoch({ optimizer }: GradientDescentTrainer): void {
    for (const { options } of optimizer.groups) options['lr'] = Number(options['lr']) / 2;
  }
}

class CountingBatches extends BatchCallback {
  private count = 0;

  override onBatch(): void {
    this.count += 1;
  }

  override stateDict(): StateDict {
    return { count: this.count };
  }

  override loadStateDict({ count }: StateDict): void {
    this.count = Number(count);
  }
}

epochCallbackContract({ describe, it }, { name: 'HalvingLearningRate', make: () => new HalvingLearningRate() });
batchCallbackContract({ describe, it }, { name: 'CountingBatches', make: () => new CountingBatches() });

class Throwing extends TrainerCallback {
  override onEvaluateEnd(): void {
    throw new RangeError('a hook that throws');
  }
}

class NeedingAFolder extends TrainerCallback {
  override onRunStart({ serializationDir }: TrainerView): void {
    if (serializationDir === null) throw new RangeError('no folder');
  }
}

class Disposing extends TrainerCallback {
  override onStepEnd(_: TrainerView, { batchOutputs }: StepEvent): void {
    tf.dispose(batchOutputs as unknown as tf.TensorContainer);
  }
}

class Keeping extends TrainerCallback {
  override onStepEnd(_: TrainerView, { batchOutputs }: StepEvent): void {
    tf.clone(batchOutputs[0]!['predictions']!);
  }
}

class Masking extends RecordingCallback {
  override onStepEnd(trainer: TrainerView, event: StepEvent): void {
    super.onStepEnd(trainer, event);
    trainer.control.stop();
  }

  override onStepStart(): void {
    throw new RangeError('before the model fails');
  }
}

class Forgetful extends RecordingCallback {
  override loadStateDict(): void {}
}

class SavingOnly extends TrainerCallback {
  override stateDict(): StateDict {
    return {};
  }
}

class MastersOnly extends TrainerCallback {
  override onRunStart({ isMaster }: TrainerView): void {
    if (!isMaster) throw new RangeError('no master');
  }
}

class OneBatchAStep extends TrainerCallback {
  override onStepEnd(_: TrainerView, { batchInputs }: StepEvent): void {
    if (batchInputs.length > 1) throw new RangeError('too many');
  }
}

it.each([
  [Throwing, 'takes part in a run from its start to its end'],
  [NeedingAFolder, 'takes part in a run without a folder, without validation and without checkpoints'],
  [Disposing, 'leaves inputs, outputs and gradients alone, of steps and of evaluated batches'],
  [Keeping, 'takes part in a run from its start to its end'],
  [Masking, 'does not hide why a run failed'],
  [Forgetful, 'has a state that a new one goes on from, if it has one'],
  [SavingOnly, 'has a state that a new one goes on from, if it has one'],
  [MastersOnly, 'takes part on a worker that is not the master'],
  [OneBatchAStep, 'takes part in steps of several micro-batches, with bounded gradients'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    trainerCallbackContract(runner, { name: 'broken', make: () => new Broken() }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
