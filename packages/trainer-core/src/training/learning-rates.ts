import type { Optimizer } from '../contracts/optimizer.js';

/** The learning rate of each parameter in the optimizer by name; 0 for one that is frozen. */
export function learningRatesByName(optimizer: Optimizer): Record<string, number> {
  return Object.fromEntries(
    optimizer.groups.flatMap(({ parameters, options }) =>
      parameters.map(({ name, trainable }) => [name, trainable ? Number(options['lr']) : 0] as const),
    ),
  );
}
