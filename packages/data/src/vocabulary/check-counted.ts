import { ConfigError } from '@x/trainer-core';

import type { TokenCounts } from './count-tokens.js';
import { someOf } from './some-of.js';
import type { ContentSettings } from './vocabulary-options.js';

/**
 * Options about counted tokens are of no use for namespaces in which none are counted.
 *
 * @throws ConfigError naming all such options.
 */
export function checkCounted(counts: TokenCounts, settings: ContentSettings): void {
  const { minCount, maxVocabSize, pretrainedFiles, minPretrainedEmbeddings } = settings;
  const byNamespace = { minCount, maxVocabSize, pretrainedFiles, minPretrainedEmbeddings };
  const problems = Object.entries(byNamespace).flatMap(([option, value]) =>
    Object.keys(typeof value === 'object' && value !== null ? value : {})
      .filter((namespace) => !counts.has(namespace))
      .map((namespace) => ({
        code: 'X_CONFIG_INVALID' as const,
        path: `vocabulary.${option}.${namespace}`,
        message: `no field has the namespace "${namespace}"; the data set's fields have ${someOf([...counts.keys()])}`,
      })),
  );
  if (problems.length > 0) throw new ConfigError(problems);
}
