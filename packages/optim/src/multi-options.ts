import { lazyComponent, Optimizer, pattern, validate } from '@x/trainer-core';
import type { ComponentSpec, ConfigProblem, ParameterGroupConfig } from '@x/trainer-core';
import { z } from 'zod';

/** The optimizer of the groups that name none, and of the parameters that no group has. */
export const DEFAULT_OPTIMIZER = 'default';

const group = z.tuple([
  z.array(pattern),
  z.looseObject({
    optimizerName: z.string().optional().describe('Which of the optimizers updates the group; else "default"'),
  }),
]);

/** The options of `multi` in a config. Each group's hyperparameters are checked against those of its optimizer. */
export const MultiOptions = z
  .strictObject({
    optimizers: z
      .record(z.string().regex(/^[^/]+$/, 'a name of an optimizer has no slash'), lazyComponent(Optimizer))
      .describe('Optimizers by a name of your own; "default" updates what no other one is given'),
    parameterGroups: z
      .array(group)
      .nullish()
      .describe('Lists of [patterns searched in parameter names, optimizerName and hyperparameters of that optimizer]'),
  })
  .transform(({ optimizers, parameterGroups }, context) => {
    const report = ({ code, message }: Pick<ConfigProblem, 'code' | 'message'>, path: PropertyKey[]): void =>
      context.addIssue({ code: 'custom', message, path, params: { code } });
    const groups = parameterGroups ?? [];
    for (const problem of nameProblems(Object.keys(optimizers), groups)) report(problem, problem.path.split('.'));
    for (const [name, { spec }] of Object.entries(optimizers)) {
      if ((spec.options as GroupedOptions).parameterGroups == null) continue;
      const message = 'the groups of "multi" are given to "multi" itself, with an "optimizerName"';
      report({ code: 'X_CONFIG_MISPLACED_KEY', message }, ['optimizers', name, 'parameterGroups']);
    }
    const checked = groups.map(([patterns, { optimizerName, ...overrides }], i): ParameterGroupConfig => {
      const spec = optimizers[optimizerName ?? DEFAULT_OPTIMIZER]?.spec;
      if (spec === undefined) return [patterns, {}];
      const result = checkOverrides(spec, [patterns, overrides]);
      if (result.ok) return [patterns, { ...result.value.parameterGroups![0]![1], optimizerName }];
      for (const problem of result.problems) report(problem, ['parameterGroups', i, ...problem.path.slice(2)]);
      return [patterns, {}];
    });
    return { optimizers, parameterGroups: checked };
  });

interface GroupedOptions {
  readonly parameterGroups?: readonly ParameterGroupConfig[] | null;
}

/** The problems with the names of optimizers, with paths relative to the options of `multi`. */
export function nameProblems(names: readonly string[], groups: readonly ParameterGroupConfig[]): ConfigProblem[] {
  const missing: ConfigProblem = {
    code: 'X_CONFIG_INVALID',
    path: 'optimizers',
    message: `no optimizer was provided for the "${DEFAULT_OPTIMIZER}" group; give one of them the name "${DEFAULT_OPTIMIZER}"`,
  };
  const unknown = groups.flatMap(([, { optimizerName = DEFAULT_OPTIMIZER }], i): ConfigProblem[] => {
    const name = String(optimizerName);
    if (names.includes(name) || name === DEFAULT_OPTIMIZER) return [];
    const message = `there is no optimizer "${name}"; the optimizers are ${names.join(', ')}`;
    return [{ code: 'X_CONFIG_UNKNOWN_NAME', path: `parameterGroups.${i}.1.optimizerName`, message }];
  });
  return [...(names.includes(DEFAULT_OPTIMIZER) ? [] : [missing]), ...unknown];
}

/** A group of one optimizer as that optimizer's own schema sees it; paths start with `parameterGroups.0`. */
function checkOverrides(
  { registration, options }: ComponentSpec<Optimizer>,
  groupOfOptimizer: ParameterGroupConfig,
): ReturnType<typeof validate<z.ZodType<GroupedOptions>>> {
  const schema = registration.schema as z.ZodType<GroupedOptions>;
  return validate(schema, { ...(options as object), parameterGroups: [groupOfOptimizer] });
}
