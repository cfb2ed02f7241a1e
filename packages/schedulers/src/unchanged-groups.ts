import type { Optimizer } from '@x/trainer-core';

/** Does something after which every parameter group is as it was before: its options, and which parameters are trained. */
export function withUnchangedGroups<R>({ groups }: Optimizer, act: () => R): R {
  const before = groups.map(({ options, parameters }) => ({
    options: { ...options },
    trainable: parameters.map(({ trainable }) => trainable),
  }));
  try {
    return act();
  } finally {
    groups.forEach(({ options, parameters }, i) => {
      const { options: saved, trainable } = before[i]!;
      for (const key of Object.keys(options)) if (!(key in saved)) delete options[key];
      Object.assign(options, saved);
      parameters.forEach((parameter, j) => (parameter.trainable = trainable[j]!));
    });
  }
}
