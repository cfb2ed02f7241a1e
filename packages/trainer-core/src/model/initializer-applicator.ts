import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { pattern, searchPattern } from '../config/pattern.js';
import { Initializer } from '../contracts/initializer.js';
import { ModelError } from '../errors.js';
import { log } from '../log.js';
import { component } from '../plugins/component.js';
import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';
import type { RandomStream } from '../random/streams.js';
import type { Parameter } from '../state/parameters.js';

/** `{ regexes: [['weight', 'xavier_uniform']], preventRegexes: ['embedding'] }` */
export const InitializerApplicatorOptions = z.strictObject({
  regexes: z
    .array(z.tuple([pattern, component(Initializer)]))
    .nullable()
    .default([])
    .describe(
      'Patterns, searched in parameter names, and what initializes what they find; the first that is found applies',
    ),
  preventRegexes: z
    .array(pattern)
    .nullable()
    .default([])
    .describe('Patterns of parameters that keep their values, null for none'),
});

/** A pattern, searched in parameter names, and the initializer of the parameters that it finds. */
export type InitializerRule = readonly [pattern: string | RegExp, initializer: Initializer];

interface Rule {
  readonly pattern: string;
  readonly regex: RegExp;
  readonly initializer: Initializer;
}

const register: Register<InitializerApplicator> = registerFor('initializerApplicator');

/**
 * Initializes a model's parameters, frozen ones too, each by the first pattern found in its name. A model takes one as an
 * option by `component(InitializerApplicator)`.
 */
@register('default', InitializerApplicatorOptions, ({ regexes, preventRegexes }, run) => {
  const rules = (regexes ?? []).map(([pattern, part]): InitializerRule => [pattern, run.build(part)]);
  return new InitializerApplicator(rules, preventRegexes ?? []);
})
export class InitializerApplicator {
  static readonly kind: string = 'initializerApplicator';
  static readonly defaultName: string = 'default';
  static readonly register: Register<InitializerApplicator> = register;

  private readonly rules: readonly Rule[];
  private readonly prevented: readonly RegExp[];

  /** @throws ConfigError (`X_CONFIG_INVALID`) for a pattern that is not valid. */
  constructor(rules: readonly InitializerRule[], preventRegexes: readonly (string | RegExp)[] = []) {
    this.rules = rules.map(([pattern, initializer]) => ({
      pattern: pattern instanceof RegExp ? pattern.source : pattern,
      regex: searchPattern(pattern),
      initializer,
    }));
    this.prevented = preventRegexes.map(searchPattern);
  }

  /**
   * Overwrites the parameters that a pattern finds. Each draws from the part of `random` with its name, so that its value
   * does not depend on the others. A pattern that was never used is a warning.
   *
   * @returns the names of the parameters that kept their values, sorted.
   * @throws ModelError (`X_MODEL_INVALID`) naming the parameter, for one whose shape an initializer is not for.
   */
  apply(parameters: Iterable<Parameter>, random: RandomStream): string[] {
    const unused = new Set(this.rules.map(({ pattern }) => pattern));
    const kept: string[] = [];
    log.info('Initializing parameters');
    for (const { name, variable } of parameters) {
      const rule = this.rules.find(({ regex }) => regex.test(name));
      if (rule === undefined || this.prevented.some((regex) => regex.test(name))) {
        kept.push(name);
        continue;
      }
      const { pattern, initializer } = rule;
      unused.delete(pattern);
      log.info(`Initializing ${name} using ${pattern} initializer`);
      tf.tidy(() => variable.assign(create(initializer, variable.shape, random.at(name), name)));
    }
    for (const pattern of unused) log.warn(`Did not use initialization regex that was passed: ${pattern}`);
    kept.sort();
    log.info('Done initializing parameters; the following parameters are using their default initialization');
    for (const name of kept) log.info(`   ${name}`);
    return kept;
  }
}

function create(initializer: Initializer, shape: readonly number[], random: RandomStream, name: string): tf.Tensor {
  try {
    return initializer.create(shape, random, name);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new ModelError(error.code, `the parameter "${name}" cannot be initialized: ${error.message}`, {
      cause: error,
    });
  }
}
