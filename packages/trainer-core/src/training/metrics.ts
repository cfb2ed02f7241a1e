import type { Communicator } from '../contracts/communicator.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { Metric, MetricValues } from '../contracts/metric.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** Which metrics there are besides `loss` and the model's own. */
export interface LossMetrics {
  /** Whether there is a `reg_loss`. */
  regLoss(): boolean;
  /** Whether the metrics of a batch have `batch_loss`, and `batch_reg_loss` where there is a `reg_loss`. */
  readonly ofBatches: boolean;
}

const REG_LOSS_ONLY: LossMetrics = { regLoss: () => true, ofBatches: false };

/** The running metrics of an epoch or an evaluation: the loss and the model's own. All of it is sums and counts. */
export class RunningMetrics implements Stateful {
  private loss = 0;
  private regLoss = 0;
  private count = 0;
  private last = { loss: 0, regLoss: 0 };

  constructor(
    private readonly metrics: readonly Metric[],
    private readonly communicator: Communicator,
    private readonly losses: LossMetrics = REG_LOSS_ONLY,
  ) {}

  /** What the loss and its penalty are divided by: groups in training, batches with a loss in validation. */
  get numLosses(): number {
    return this.count;
  }

  addLoss(loss: number, regLoss: number): void {
    this.loss += loss;
    this.regLoss += regLoss;
    this.count += 1;
    this.last = { loss, regLoss };
  }

  async update(outputs: Readonly<Outputs>, batch: Batch): Promise<void> {
    for (const metric of this.metrics) await metric.update(outputs, batch);
  }

  /** The values of this worker so far, and those of its last batch. */
  local(): MetricValues {
    const values = this.valuesOf(this.sums());
    if (!this.losses.ofBatches) return values;
    const { loss, regLoss } = this.last;
    return { ...values, batch_loss: loss, ...(this.losses.regLoss() ? { batch_reg_loss: regLoss } : {}) };
  }

  /** The values over all workers. */
  async global(): Promise<MetricValues> {
    return this.valuesOf(await this.communicator.allReduceSum(this.sums()));
  }

  reset(): void {
    this.loss = 0;
    this.regLoss = 0;
    this.count = 0;
    this.last = { loss: 0, regLoss: 0 };
    for (const metric of this.metrics) metric.reset();
  }

  stateDict(): StateDict {
    return { sums: this.sums() };
  }

  loadStateDict(state: StateDict): void {
    const sums = readState(state, 'sums', 'object') as Record<string, number>;
    this.loss = sums['loss'] ?? 0;
    this.regLoss = sums['regLoss'] ?? 0;
    this.count = sums['count'] ?? 0;
    this.metrics.forEach((metric, i) => metric.load(sumsOf(i, sums)));
  }

  private sums(): Record<string, number> {
    const own = { loss: this.loss, regLoss: this.regLoss, count: this.count };
    const others = this.metrics.flatMap((metric, i) =>
      Object.entries(metric.sums()).map(([name, value]) => [`${i}.${name}`, value] as const),
    );
    return { ...own, ...Object.fromEntries(others) };
  }

  private valuesOf(sums: Record<string, number>): MetricValues {
    const { loss = 0, regLoss = 0, count = 0 } = sums;
    const mean = (sum: number): number => (count > 0 ? sum / count : 0);
    const others = this.metrics.map((metric, i) => metric.compute(sumsOf(i, sums)));
    const penalty = this.losses.regLoss() ? { reg_loss: mean(regLoss) } : {};
    return Object.assign({}, ...others, { loss: mean(loss), ...penalty }) as MetricValues;
  }
}

function sumsOf(index: number, sums: Readonly<Record<string, number>>): Record<string, number> {
  const prefix = `${index}.`;
  return Object.fromEntries(
    Object.entries(sums)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
}
