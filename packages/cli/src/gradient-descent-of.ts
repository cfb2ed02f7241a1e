import { ConfigError, GradientDescentTrainer } from '@x/trainer-core';
import type { BuiltRun } from '@x/trainer-core';

/** The trainer of a run, for commands that look at its steps. @throws ConfigError for a trainer of another kind. */
export function gradientDescentOf({ trainer }: BuiltRun, config: string): GradientDescentTrainer {
  if (trainer instanceof GradientDescentTrainer) return trainer;
  throw ConfigError.of(
    'X_CONFIG_INVALID',
    'trainer',
    `expected a gradient descent trainer, received ${trainer.constructor.name}, whose steps are its own`,
    config,
  );
}
