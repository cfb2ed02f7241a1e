import type { Batch, Outputs } from '../contracts/batch.js';
import type { Communicator } from '../contracts/communicator.js';
import type { DataLoader } from '../contracts/data-loader.js';
import type { Engine } from '../contracts/engine.js';
import type { MetricValues } from '../contracts/metric.js';
import type { NamedState } from '../state/named-state.js';
import { evaluatePass } from './evaluate.js';
import type { RunningMetrics } from './metrics.js';
import type { Observers } from './observers.js';
import type { RunControl } from './run-control.js';

export interface EvaluationParts {
  readonly engine: Engine;
  readonly communicator: Communicator;
  readonly state: NamedState;
  readonly outputs: (batch: Batch) => Outputs;
  /** The metrics of the epoch in training. They share the model's with those of an evaluation. */
  readonly training: RunningMetrics;
  readonly metrics: () => RunningMetrics;
  readonly parameters: 'raw' | 'averaged';
  readonly observers: Observers;
  readonly control: RunControl;
}

/** Validates within a run: with the averaged weights where there is a moving average, with the raw ones otherwise. */
export class Evaluation {
  constructor(private readonly parts: EvaluationParts) {}

  /**
   * The metrics over a loader's batches. Those of the epoch in training are as before afterwards.
   *
   * An interruption ends it between two batches; what is returned then are no metrics of the whole.
   *
   * @throws DataError (`X_DATA_EMPTY`) if the loader yields no batch.
   */
  async run(dataLoader: DataLoader, epoch: number): Promise<MetricValues> {
    const { training } = this.parts;
    const saved = training.stateDict();
    training.reset();
    try {
      return await this.pass(dataLoader, epoch);
    } finally {
      training.loadStateDict(saved);
    }
  }

  private async pass(dataLoader: DataLoader, epoch: number): Promise<MetricValues> {
    const { engine, communicator, state, outputs, parameters, observers, control } = this.parts;
    const metrics = this.parts.metrics();
    const interrupted = (): boolean => control.interruption !== null;
    await observers.hooks.fire('onEvaluateStart', { numBatches: dataLoader.length(communicator.worldSize) });
    await evaluatePass({
      engine,
      communicator,
      state,
      outputs,
      dataLoader,
      epoch,
      parameters,
      interrupted: async () => {
        await control.agree(communicator);
        return interrupted();
      },
      onBatch: async (batch, of) => {
        const loss = await scalar(of['loss']);
        if (loss !== null) metrics.addLoss(loss, (await scalar(of['regLoss'])) ?? 0);
        await metrics.update(of, batch);
        await observers.batchEvaluated({
          batch,
          outputs: of,
          loss,
          batchNumber: metrics.numLosses,
          metrics: metrics.local(),
        });
      },
    });
    if (interrupted()) return {};
    const values = await metrics.global();
    await observers.hooks.fire('onEvaluateEnd', { metrics: values });
    return values;
  }
}

async function scalar(tensor: Outputs[string] | undefined): Promise<number | null> {
  return tensor === undefined ? null : (await tensor.data())[0]!;
}
