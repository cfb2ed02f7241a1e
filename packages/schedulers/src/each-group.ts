import { ConfigError } from '@x/trainer-core';
import type { Optimizer } from '@x/trainer-core';

/**
 * An option that is a number for all parameter groups, or a list with one for each: the number of every group.
 *
 * @param option its name, and `owner` the class, for messages.
 * @throws ConfigError (`X_SCHEDULER`) for a list of another length than that of the groups.
 */
export function eachGroup(
  value: number | readonly number[],
  { groups }: Optimizer,
  option: string,
  owner: string,
): readonly number[] {
  if (typeof value === 'number') return groups.map(() => value);
  if (value.length === groups.length) return value;
  throw ConfigError.of(
    'X_SCHEDULER',
    option,
    `received ${value.length} numbers for ${groups.length} parameter groups; expected one for each entry of ` +
      'parameterGroups and one more, for the parameters that no entry finds',
    `the options of ${owner}`,
  );
}
