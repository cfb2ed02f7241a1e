import type { Built } from '@x/trainer-core';
import { LearningRateScheduler } from '@x/trainer-core';
import type { z } from 'zod';

/** Registers a scheduler under our name and under torch's, plain and with `torch.` before it as AllenNLP writes it. */
export function registerWithTorchName<S extends z.ZodType>(
  name: string,
  torchName: string,
  schema: S,
): (target: abstract new (options: Built<z.output<S>>, ...parts: never[]) => LearningRateScheduler) => void {
  return (target) => {
    for (const each of [name, torchName, `torch.${torchName}`]) LearningRateScheduler.register(each, schema)(target);
  };
}
