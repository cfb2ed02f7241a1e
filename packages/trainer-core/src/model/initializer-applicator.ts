import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { Initializer } from '../contracts/initializer.js';
import { log } from '../log.js';
import { component } from '../plugins/component.js';
import type { RandomStream } from '../random/streams.js';
import type { Parameter } from '../state/parameters.js';

/** The field `initializer` of a model's options: `{ regexes: [['weight', 'xavier_uniform']], preventRegexes: ['embedding'] }`. */
export const InitializerApplicatorOptions = z.strictObject({
  regexes: z
    .array(z.tuple([z.string(), component(Initializer)]))
    .default([])
    .describe(
      'Patterns, searched in parameter names, and what initializes what they find; the first that is found applies',
    ),
  preventRegexes: z.array(z.string()).default([]).describe('Patterns of parameters that keep their values'),
});

/** A pattern, searched in parameter names, and the initializer of the parameters that it finds. */
export type InitializerRule = readonly [pattern: string | RegExp, initializer: Initializer];

/** Initializes a model's parameters, frozen ones too, each by the first pattern found in its name. */
export class InitializerApplicator {
  private readonly rules: readonly (readonly [RegExp, Initializer])[];
  private readonly prevented: readonly RegExp[];

  constructor(rules: readonly InitializerRule[], preventRegexes: readonly (string | RegExp)[] = []) {
    this.rules = rules.map(([pattern, initializer]) => [new RegExp(pattern), initializer]);
    this.prevented = preventRegexes.map((pattern) => new RegExp(pattern));
  }

  /**
   * Overwrites the parameters that a pattern finds. Each draws from the part of `random` with its name, so that its value
   * does not depend on the others. A pattern that was never used is a warning.
   *
   * @returns the names of the parameters that kept their values, sorted.
   */
  apply(parameters: Iterable<Parameter>, random: RandomStream): string[] {
    const unused = new Set(this.rules.map(([regex]) => regex.source));
    const kept: string[] = [];
    for (const { name, variable } of parameters) {
      const rule = this.rules.find(([regex]) => regex.test(name));
      if (rule === undefined || this.prevented.some((regex) => regex.test(name))) {
        kept.push(name);
        continue;
      }
      const [regex, initializer] = rule;
      unused.delete(regex.source);
      tf.tidy(() => variable.assign(initializer.create(variable.shape, random.at(name))));
    }
    for (const pattern of unused) log.warn(`Did not use initialization regex that was passed: ${pattern}`);
    return kept.sort();
  }
}
