import { z } from 'zod';

/** The text of a regular expression that is searched in names. */
export const pattern: z.ZodType<string, string> = z
  .string()
  .refine(isRegularExpression, { error: 'is not a valid regular expression' });

function isRegularExpression(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch {
    return false;
  }
}
