import { z } from 'zod';

import type { CompatibilityPreset } from '../plugins/run-tokens.js';

/** The rules on which AllenNLP 1.0 and 2.10 differ, as options of the trainer. One that is left out is the preset's. */
export const RULE_OPTIONS = {
  gradClippingAt: z
    .enum(['microBatch', 'step'])
    .optional()
    .describe(
      'When elements are clamped: in the backward pass of each micro-batch (the default), or once per step after the norm',
    ),
  earlyStoppingAt: z
    .enum(['validation', 'epochEnd'])
    .optional()
    .describe(
      'When exhausted patience ends training: right after the validation, so that its epoch is neither reported nor saved ' +
        '(the default), or at the end of that epoch',
    ),
  checkpointAt: z
    .enum(['beforeCallbacks', 'afterCallbacks'])
    .optional()
    .describe(
      'When checkpoints of a step and of an epoch are saved: before its callbacks, or after them (the default), so that ' +
        'what they changed is part of the checkpoint, and a run that goes on is the same bit for bit',
    ),
  epochCallbacksBeforeTraining: z
    .boolean()
    .optional()
    .describe('Whether epoch callbacks are also called before training, with epoch -1. Default true'),
  regLossMetrics: z
    .enum(['always', 'withPenalty'])
    .optional()
    .describe('Whether there is a metric "reg_loss" always (the default), or only for a model with a penalty'),
  epochCountMetrics: z
    .boolean()
    .optional()
    .describe('Whether the metrics of a run have "training_start_epoch" and "training_epochs". Default true'),
  batchLossMetrics: z
    .boolean()
    .optional()
    .describe('Whether the metrics of a batch have "batch_loss" and "batch_reg_loss", its own. Default false'),
  schedulerMetric: z
    .enum(['value', 'score'])
    .optional()
    .describe(
      'What metric-driven schedulers get: the value of the validation metric (the default), or its score, which is the ' +
        'negated value of "-loss", so that more is always better. Several metrics have only a score',
    ),
  finalWeights: z
    .enum(['best', 'lastIfBest'])
    .optional()
    .describe(
      'The weights after training: the best saved ones, without a checkpointer the last ones (the default); or, unless a ' +
        'later validation was worse than the best, the last ones, averaged where there is a moving average, else the best ' +
        'ones, saved or not',
    ),
};

/** A decision on every rule. */
export type Rules = {
  readonly [K in keyof typeof RULE_OPTIONS]: Exclude<z.output<(typeof RULE_OPTIONS)[K]>, undefined>;
};

const PRESETS: Readonly<Record<NonNullable<CompatibilityPreset>, Rules>> = {
  'allennlp-1': {
    gradClippingAt: 'microBatch',
    earlyStoppingAt: 'validation',
    checkpointAt: 'beforeCallbacks',
    epochCallbacksBeforeTraining: true,
    regLossMetrics: 'always',
    epochCountMetrics: true,
    batchLossMetrics: false,
    schedulerMetric: 'value',
    finalWeights: 'best',
  },
  'allennlp-2': {
    gradClippingAt: 'step',
    earlyStoppingAt: 'epochEnd',
    checkpointAt: 'afterCallbacks',
    epochCallbacksBeforeTraining: false,
    regLossMetrics: 'withPenalty',
    epochCountMetrics: false,
    batchLossMetrics: true,
    schedulerMetric: 'score',
    finalWeights: 'lastIfBest',
  },
};

/** What holds where no preset is chosen: a checkpoint that lacks what callbacks did would not be exact. */
const OWN: Rules = { ...PRESETS['allennlp-1'], checkpointAt: 'afterCallbacks' };

/** The rules of a run: those that its options name, else those of its preset. */
export function rulesOf(
  options: { readonly [K in keyof Rules]?: Rules[K] | undefined } & { readonly compatibility: CompatibilityPreset },
): Rules {
  const preset = options.compatibility === null ? OWN : PRESETS[options.compatibility];
  const named = Object.keys(preset).flatMap((rule) => {
    const chosen = options[rule as keyof Rules];
    return chosen === undefined ? [] : [[rule, chosen] as const];
  });
  return { ...preset, ...Object.fromEntries(named) };
}
