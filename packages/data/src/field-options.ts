import { z } from 'zod';

/** How the values of one field become tensors. What is left out is inferred from the data. */
export const FieldOptions = z.strictObject({
  dtype: z
    .enum(['float32', 'int32'])
    .optional()
    .describe('The tensor type; default: int32 where every number of the field is a whole one, else float32'),
  mask: z
    .boolean()
    .optional()
    .describe(
      'Whether a <field>Mask (1 at data, 0 at padding) is given; default: where the field has lists of several lengths, or of tokens',
    ),
  namespace: z
    .string()
    .optional()
    .describe(
      "Makes a field of strings numbers of this namespace of the vocabulary; default: the dataset reader's, if it has one",
    ),
  padWith: z.number().default(0).describe('The value of padding'),
  padToMultipleOf: z
    .int()
    .positive()
    .default(1)
    .describe(
      'Padded lengths are rounded up to a multiple of this: fewer shapes for a compiled engine to specialise on',
    ),
  padLengths: z
    .array(z.int().positive())
    .refine((lengths) => lengths.every((length, i) => i === 0 || length > lengths[i - 1]!), {
      error: 'expected lengths that grow, such as [16, 32, 64]',
    })
    .default([])
    .describe('Padded lengths are rounded up to the next of these; longer ones, to a multiple of padToMultipleOf'),
});

export type FieldOptions = z.input<typeof FieldOptions>;

/** Options by field name. */
export const FieldOptionsByName = z
  .record(z.string(), FieldOptions)
  .default({})
  .describe('How single fields become tensors, by field name');
