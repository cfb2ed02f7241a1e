import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import { pattern, searchPattern } from '../../config/pattern.js';
import { Regularizer } from '../../contracts/regularizer.js';
import { component } from '../../plugins/component.js';
import { registerFor } from '../../plugins/describe.js';
import type { Register } from '../../plugins/describe.js';
import type { Parameter } from '../../state/parameters.js';

/** `{ regexes: [['weight', { type: 'l2', alpha: 0.1 }], ['bias', 'l1']] }` */
export const RegularizerApplicatorOptions = z.strictObject({
  regexes: z
    .array(z.tuple([pattern, component(Regularizer)]))
    .nullable()
    .default([])
    .describe(
      'Patterns, searched in parameter names, and the penalty of what they find; the first that is found applies',
    ),
});

/** A pattern, searched in parameter names, and the penalty of the parameters that it finds. */
export type RegularizerRule = readonly [pattern: string | RegExp, regularizer: Regularizer];

const register: Register<RegularizerApplicator> = registerFor('regularizerApplicator');

/**
 * The penalties of a model's parameters: for each trainable one that of the first pattern found in its name. A model takes
 * one as an option by `component(RegularizerApplicator)`.
 */
@register('default', RegularizerApplicatorOptions, ({ regexes }, run) => {
  const rules = (regexes ?? []).map(([pattern, part]): RegularizerRule => [pattern, run.build(part)]);
  return new RegularizerApplicator(rules);
})
export class RegularizerApplicator {
  static readonly kind: string = 'regularizerApplicator';
  static readonly defaultName: string = 'default';
  static readonly register: Register<RegularizerApplicator> = register;

  private readonly rules: readonly (readonly [RegExp, Regularizer])[];

  /** @throws ConfigError (`X_CONFIG_INVALID`) for a pattern that is not valid. */
  constructor(rules: readonly RegularizerRule[]) {
    this.rules = rules.map(([pattern, regularizer]) => [searchPattern(pattern), regularizer]);
  }

  /** The sum of the penalties in the order of the parameters; 0 if no pattern was found. */
  penalty(parameters: Iterable<Parameter>): tf.Scalar {
    let sum: tf.Scalar | null = null;
    for (const { name, variable, trainable } of parameters) {
      const rule = trainable ? this.rules.find(([regex]) => regex.test(name)) : undefined;
      if (rule === undefined) continue;
      const penalty = rule[1].penalty(variable);
      sum = sum === null ? penalty : tf.add(sum, penalty);
    }
    return sum ?? tf.scalar(0);
  }
}
