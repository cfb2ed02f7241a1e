import { pattern } from '@x/trainer-core';
import type { ParameterGroupConfig } from '@x/trainer-core';
import { z } from 'zod';

/** The learning rate: every optimizer has one. */
export const learningRate: z.ZodNumber = z.number().nonnegative();

/** A decay rate of a running average, in [0, 1). */
export const decayRate: z.ZodNumber = z.number().min(0).lt(1);

/** What is added to the root that an optimizer divides by. */
export function rootEps(byDefault: number): z.ZodDefault<z.ZodNumber> {
  return z.number().nonnegative().default(byDefault).describe('Added to the root, against division by zero');
}

/** What must hold between hyperparameters, of the optimizer and of each group. */
export interface HyperparameterRule {
  /** The hyperparameter that is to blame. */
  readonly path: string;
  readonly holds: (hyperparameters: Readonly<Record<string, unknown>>) => boolean;
  readonly error: string;
}

/**
 * The strict schema of an optimizer's options: its hyperparameters, and `parameterGroups`, a list of
 * `[patterns, overrides]` whose overrides are checked against the same hyperparameters, alone and with those that they
 * leave to the optimizer.
 */
export function optimizerOptions<S extends z.ZodRawShape>(
  hyperparameters: S,
  ...rules: readonly HyperparameterRule[]
): z.ZodObject<S & { parameterGroups: GroupsField }, z.core.$strict> {
  const schema = z.strictObject({ ...hyperparameters, parameterGroups: groupsField(hyperparameters) });
  return schema.superRefine((options, context) => {
    const { parameterGroups, ...own } = options as Record<string, unknown> & { parameterGroups?: Groups };
    const sets = [
      { at: [] as PropertyKey[], set: own },
      ...(parameterGroups ?? []).map(([, overrides], i) => ({
        at: ['parameterGroups', i, 1],
        set: { ...own, ...overrides },
      })),
    ];
    for (const { path, holds, error } of rules) {
      for (const { at, set } of sets) {
        if (!holds(set)) context.addIssue({ code: 'custom', path: [...at, path], message: error });
      }
    }
  });
}

type Groups = readonly ParameterGroupConfig[] | null;

/** The type of the field `parameterGroups`. */
export type GroupsField = z.ZodOptional<z.ZodNullable<z.ZodType<ParameterGroupConfig[], ParameterGroupConfig[]>>>;

function groupsField(hyperparameters: z.ZodRawShape): GroupsField {
  const overrides = z.strictObject({
    ...Object.fromEntries(
      Object.entries(hyperparameters).map(([name, field]) => [name, withoutDefault(field as z.ZodType).optional()]),
    ),
    requiresGrad: z.boolean().optional().describe('False freezes the parameters of the group'),
  });
  const groups: z.ZodType<ParameterGroupConfig[], ParameterGroupConfig[]> = z.array(
    z.tuple([z.array(pattern), overrides]),
  );
  return groups
    .nullish()
    .describe('Lists of [patterns searched in parameter names, hyperparameters of the parameters that they find]');
}

/** An override that is left out must not become the default: the group inherits the optimizer's own value. */
function withoutDefault(field: z.ZodType): z.ZodType {
  return field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field;
}
