import type { Optimizer } from '../contracts/optimizer.js';
import type { ParameterGroup } from '../state/parameter-groups.js';

/** The learning rate of each parameter group, in the last update that any of its parameters had; before one, in the first. */
export function learningRatesOfGroups(optimizer: Optimizer): number[] {
  return optimizer.groups.map((group) => rateOf(optimizer, group));
}

/** The learning rate of each parameter in the optimizer by name; 0 for one that is frozen. */
export function learningRatesByName(optimizer: Optimizer): Record<string, number> {
  return Object.fromEntries(
    optimizer.groups.flatMap((group) => {
      const rate = rateOf(optimizer, group);
      return group.parameters.map(({ name, trainable }) => [name, trainable ? rate : 0] as const);
    }),
  );
}

function rateOf(optimizer: Optimizer, { parameters, options }: ParameterGroup): number {
  const steps = parameters.map((parameter) => optimizer.state.stepsOf(parameter));
  return optimizer.learningRate(options, Math.max(1, ...steps));
}
