import { ConfigError } from '../errors.js';
import type { ConfigProblem } from '../errors.js';
import { inferScalar } from './infer-scalar.js';
import { mapStrings } from './plain-data.js';
import type { RawConfig } from './read-config.js';

const REFERENCE = /\$?\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;
const WHOLE = /^\$\{[^}]*\}$/;

/**
 * Replaces environment references in the strings of a config: `${NAME}`, and `${NAME:-default}` where the variable may
 * be missing. A string that is one reference and nothing else becomes a number, boolean or null if the variable reads
 * like one ({@link inferScalar}), so that `"lr": "${LR}"` works. `$${NAME}` stands for the text `${NAME}`.
 *
 * @throws ConfigError (`X_CONFIG_ENVIRONMENT`) naming every reference to a missing variable.
 */
export function resolveEnvironment(
  config: RawConfig,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  source?: string,
): RawConfig {
  const problems: ConfigProblem[] = [];
  const resolved = mapStrings(config, (text, path) => {
    const result = text.replace(REFERENCE, (reference, name: string, fallback: string | undefined) => {
      if (reference.startsWith('$$')) return reference.slice(1);
      const value = environment[name] ?? fallback;
      if (value !== undefined) return value;
      problems.push({
        code: 'X_CONFIG_ENVIRONMENT',
        path,
        message: `the environment variable ${name} is not set; set it, or write \${${name}:-default}`,
      });
      return '';
    });
    if (!WHOLE.test(text)) return result;
    return result === 'null' ? null : inferScalar(result);
  });
  if (problems.length > 0) throw new ConfigError(problems, source);
  return resolved as RawConfig;
}
