import type { Vocabulary } from '@x/trainer-core';
import { ConfigError } from '@x/trainer-core';
import type { z } from 'zod';

import { FieldOptions } from './field-options.js';

/** What is known of a field before its values are seen. */
export interface FieldSetting extends z.output<typeof FieldOptions> {
  /** The number of a token: set for fields of strings that have a vocabulary namespace. */
  readonly indexer?: (token: string) => number;
}

const DEFAULTS = FieldOptions.parse({});

/** Options by field name, together with the namespaces that the dataset reader gives and the vocabulary of these. */
export class FieldSettings {
  constructor(
    private readonly options: Readonly<Record<string, z.output<typeof FieldOptions>>>,
    private readonly vocabulary?: Vocabulary,
    private readonly namespaces: Readonly<Record<string, string>> = {},
  ) {}

  /** The fields that have options. */
  get named(): readonly string[] {
    return Object.keys(this.options);
  }

  /** @throws ConfigError for a namespace where there is no vocabulary. */
  of(name: string): FieldSetting {
    const options = ownValue(this.options, name) ?? DEFAULTS;
    const namespace = options.namespace ?? (this.vocabulary && ownValue(this.namespaces, name));
    if (namespace === undefined) return options;
    const { vocabulary } = this;
    if (vocabulary !== undefined) return { ...options, indexer: (token) => vocabulary.indexOf(token, namespace) };
    throw ConfigError.of(
      'X_CONFIG_INVALID',
      `fields.${name}.namespace`,
      `"${namespace}" is a namespace of a vocabulary, but there is none; ` +
        'add a vocabulary to the config, or in code to the options of the loader',
    );
  }
}

function ownValue<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
