import { withRegistry } from '../plugins/component.js';
import type { Registry } from '../plugins/registry.js';
import { Trainer } from '../contracts/trainer.js';
import { adviceForTopKey, translateTrainer } from './original-keys.js';
import { isPlain } from './plain-data.js';
import type { Problem } from './problem.js';
import type { RawConfig } from './read-config.js';
import { RunConfig } from './run-schema.js';
import type { RunConfigOptions } from './run-schema.js';
import { keysOf } from './schema.js';
import { camelCase, keyIn } from './spelling.js';
import { validate } from './validate.js';
import type { Validation } from './validate.js';

const TOP = 'the top level, beside "trainer"';

/** What a trainer is given built, and where it comes from. */
const BUILT_ELSEWHERE: Readonly<Record<string, string>> = {
  model: TOP,
  dataLoader: TOP,
  validationDataLoader: TOP,
  serializationDir: 'the command line (--serialization-dir) or the option serializationDir of trainFromConfig()',
  localRank: 'whatever starts the workers of a distributed run',
  seed: 'the top level, under the name randomSeed',
};

/** Checks a whole config against the components of a registry. Paths of problems start at the top of the config. */
export function validateRun(config: RawConfig, registry: Registry): Validation<RunConfigOptions> {
  const { rest, problems, written } = takeForeign(config, registry);
  const result = withRegistry(registry, () => validate(RunConfig, rest));
  const found = result.ok ? [] : result.problems.map((problem) => ({ ...problem, path: written(problem.path) }));
  const all = [...problems, ...crossChecks(rest), ...found];
  return all.length === 0 && result.ok ? result : { ok: false, problems: all };
}

/** A config without what does not belong into it. */
interface Separated {
  readonly rest: RawConfig;
  readonly problems: Problem[];
  /** The path in the config as it was written, of a path in the rest. */
  readonly written: (path: readonly PropertyKey[]) => readonly PropertyKey[];
}

/**
 * Finds keys that stand under `trainer` and belong beside it, or the other way round, and those of other versions of
 * AllenNLP, and takes them out.
 */
function takeForeign(config: RawConfig, registry: Registry): Separated {
  const problems: Problem[] = [];
  let written: Separated['written'] = (path) => path;
  const own = trainerKeys(config['trainer'], registry);
  const runKeys = keysOf(RunConfig);
  const misplaced = (path: readonly string[], key: string, place: string): void => {
    problems.push({
      code: 'X_CONFIG_MISPLACED_KEY',
      path,
      message: `"${key}" does not belong here; it comes from ${place}`,
    });
  };
  const rest: RawConfig = {};
  for (const [key, value] of Object.entries(config)) {
    const name = camelCase(key);
    if (name === 'distributed' && value !== null) {
      problems.push({
        code: 'X_DISTRIBUTED',
        path: [key],
        message:
          'data-parallel training needs a package that provides a communicator, and none can start workers yet; remove it',
      });
    } else if (!runKeys.includes(name) && own.includes(name)) {
      problems.push({
        code: 'X_CONFIG_MISPLACED_KEY',
        path: [key],
        message: `"${key}" does not belong here; it belongs under "trainer"`,
      });
    } else if (name === 'trainer' && isPlain(value)) {
      const translation = translateTrainer(value, own, registry);
      problems.push(...translation.problems.map((problem) => ({ ...problem, path: [key, ...problem.path] })));
      written = (path) => (path[0] === key ? [key, ...translation.written(path.slice(1))] : path);
      rest[key] = Object.fromEntries(
        Object.entries(translation.trainer).filter(([inner]) => {
          const innerName = camelCase(inner);
          const place =
            BUILT_ELSEWHERE[innerName] ?? (runKeys.includes(innerName) && !own.includes(innerName) ? TOP : undefined);
          if (place === undefined || innerName === 'type') return true;
          misplaced([key, inner], inner, place);
          return false;
        }),
      );
    } else {
      const advice = runKeys.includes(name) ? undefined : adviceForTopKey(key);
      if (advice === undefined) rest[key] = value;
      else problems.push({ code: 'X_CONFIG_UNKNOWN_KEY', path: [key], message: advice });
    }
  }
  return { rest, problems, written };
}

function trainerKeys(trainer: unknown, registry: Registry): string[] {
  const type =
    typeof trainer === 'string' ? trainer : isPlain(trainer) ? (trainer['type'] ?? Trainer.defaultName) : undefined;
  const registration = typeof type === 'string' ? registry.find(Trainer.kind, type) : undefined;
  return registration === undefined ? [] : keysOf(registration.schema);
}

/** What one entry demands of another. */
function crossChecks(config: RawConfig): Problem[] {
  const valueOf = (name: string): unknown => config[keyIn(config, name) ?? name];
  const given = (name: string): boolean => valueOf(name) !== null && valueOf(name) !== undefined;
  const problems: Problem[] = [];
  const invalid = (path: readonly string[], message: string): void => {
    problems.push({ code: 'X_CONFIG_INVALID', path, message });
  };
  for (const path of ['trainDataPath', 'validationDataPath', 'testDataPath']) {
    const reader = given('datasetReader') || (path !== 'trainDataPath' && given('validationDatasetReader'));
    if (given(path) && !reader) invalid([path], 'a path needs a "datasetReader" that reads it');
  }
  if (given('datasetReader') && !given('trainDataPath'))
    invalid(['trainDataPath'], 'is required where there is a "datasetReader"');
  if (valueOf('evaluateOnTest') === true && !given('testDataPath') && !given('testDataLoader')) {
    invalid(['evaluateOnTest'], 'there is no test data; give "testDataPath" or "testDataLoader"');
  }
  const { engine, trainer } = config;
  if (engine !== undefined && isPlain(trainer) && trainer['engine'] !== undefined) {
    invalid(['trainer', 'engine'], 'the engine is given twice, here and at the top level; keep one of them');
  }
  return problems;
}
