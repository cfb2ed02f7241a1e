/** A warm-up and a polynomial decay, in steps or epochs. */
export interface Polynomial {
  readonly total: number;
  readonly warmup: number;
  readonly power: number;
  readonly endLearningRate: number;
}

/** The learning rate at n: 0 to `initial` over the warm-up, then to the end rate, where it stays. */
export function polynomialAt(n: number, initial: number, schedule: Polynomial): number {
  const { total, warmup, power, endLearningRate } = schedule;
  if (n < warmup) return (initial * n) / warmup;
  if (n >= total) return endLearningRate;
  const left = (total - n) / (total - warmup);
  return left ** power * (initial - endLearningRate) + endLearningRate;
}
