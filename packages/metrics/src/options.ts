import { z } from 'zod';

export const predictionsKey = z
  .string()
  .default('logits')
  .describe('The key of the predictions in the outputs of the model');
export const labelsKey = z.string().default('labels').describe('The key of the true values in the batch');
export const maskKey = z
  .string()
  .optional()
  .describe('The key in the batch of a mask that is 0 where nothing is to be counted; default: everything counts');

/** The name under which a metric is reported. */
export function reportedName(byDefault: string): z.ZodDefault<z.ZodString> {
  return z.string().default(byDefault).describe('The name under which the value is reported');
}
