import type * as tf from '@tensorflow/tfjs-core';

import { Communicator } from '../contracts/communicator.js';
import { Precision } from '../contracts/precision.js';
import { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import type { LogNeeds } from '../contracts/tensorboard-writer.js';
import type { StateDict } from '../state/state-dict.js';

/** One process: there is nobody to talk to. */
export class SingleProcess extends Communicator {
  override readonly rank: number = 0;
  override readonly worldSize: number = 1;
  override readonly isMaster: boolean = true;

  override async allReduceMean(): Promise<void> {}

  override async allReduceSum(values: Readonly<Record<string, number>>): Promise<Record<string, number>> {
    return { ...values };
  }

  override async allContinue(goesOn: boolean): Promise<boolean> {
    return goesOn;
  }

  override async barrier(): Promise<void> {}
}

/** float32 throughout, no loss scaling. */
export class NoPrecision extends Precision {
  override readonly lossScale: number = 1;
  override readonly skipsNonFinite: boolean = false;

  override forward<T>(compute: () => T): T {
    return compute();
  }

  override unscale(gradient: tf.Tensor): tf.Tensor {
    return gradient;
  }

  override stepFinished(): void {}

  override stateDict(): StateDict {
    return {};
  }

  override loadStateDict(): void {}
}

/** Draws nothing. */
export class NoTensorboard extends TensorboardWriter {
  override needs(): LogNeeds {
    return { gradients: false, parametersBefore: false };
  }

  override async logBatch(): Promise<void> {}
  override async logMetrics(): Promise<void> {}
  override addScalar(): void {}
  override logMemory(): void {}
  override async close(): Promise<void> {}
}
