import { z } from 'zod';

import type { Outputs } from '../contracts/batch.js';
import type { Communicator } from '../contracts/communicator.js';
import type { RunRequest } from '../contracts/engine.js';
import type { Precision } from '../contracts/precision.js';
import { messageOf } from '../config/show.js';
import { NonFiniteError } from '../errors.js';
import { log } from '../log.js';
import { finiteGuard } from '../programs/finite.js';
import type { Watched } from '../programs/finite.js';
import type { Progress } from './progress.js';

const policy = z.enum(['ignore', 'raise', 'stop', 'skip']).nullable().default(null);

/** What is done about values that are NaN or infinite. */
export const NonFiniteOptions = z.strictObject({
  loss: policy.describe(
    "The loss of a batch. null is the original's rule: NaN raises, and an infinite loss is not looked at; ignore trains on " +
      'with either; raise ends the run with an error; stop ends it cleanly; skip leaves the step out. Whatever is done, ' +
      'nothing of the step is applied',
  ),
  gradients: policy.describe('The gradients as the optimizer gets them, after clipping. null ignores them'),
  weights: policy.describe('The weights after the update, which is undone for raise, stop and skip. null ignores them'),
});

type Policy = 'ignore' | 'raise' | 'stop' | 'skip';

/** What a step was left out for: the run goes on, or ends. */
export type Undone = Extract<Policy, 'stop' | 'skip'>;

/** A value that is not finite, and what is to be done about it. */
export interface Finding {
  readonly policy: Exclude<Policy, 'ignore'>;
  readonly place: 'loss' | 'gradients' | 'weights';
  readonly code: 'X_NAN_LOSS' | 'X_NON_FINITE';
  /** As `the loss is NaN`. */
  readonly text: string;
}

export interface NonFiniteRules {
  /** Null: NaN raises, and an infinite loss is not looked at. */
  readonly loss: Policy | null;
  readonly gradients: Policy;
  readonly weights: Policy;
  /** Whether what is found is explained, by computing the step again op by op. */
  readonly explained: boolean;
}

/** The rules of a run: looking for an anomaly, what has no rule of its own raises. */
export function nonFiniteRules(
  { loss, gradients, weights }: z.output<typeof NonFiniteOptions>,
  detectAnomaly: boolean,
): NonFiniteRules {
  const unsaid = detectAnomaly ? 'raise' : 'ignore';
  return {
    loss: loss ?? (detectAnomaly ? 'raise' : null),
    gradients: gradients ?? unsaid,
    weights: weights ?? unsaid,
    explained: detectAnomaly,
  };
}

const GUARDED: readonly (readonly [Watched, 'gradients' | 'weights'])[] = [
  ['gradients', 'gradients'],
  ['parameters', 'weights'],
];

/** The original's rule. */
const ORIGINAL = nonFiniteRules({ loss: null, gradients: null, weights: null }, false);

/** More names than this are counted. */
const MOST_NAMES = 8;

/** Looks for values that are not finite, and does about them what the rules say. What is ignored costs nothing. */
export class NonFinite {
  /** What programs look at between gradients and update, and after it. */
  readonly watched: readonly Watched[];
  /** Whether the loss decides if a step is committed. */
  readonly guardsLoss: boolean;
  readonly commitIf: NonNullable<RunRequest['commitIf']>;
  private warned = false;

  /** @param precision one that skips non-finite gradients itself, which is how it finds its scale, is left to it. */
  constructor(
    private readonly precision: Precision,
    private readonly rules: NonFiniteRules = ORIGINAL,
  ) {
    const scaled = precision.skipsNonFinite;
    this.watched = GUARDED.filter(
      ([watched, key]) => rules[key] !== 'ignore' && !(watched === 'gradients' && scaled),
    ).map(([watched]) => watched);
    this.guardsLoss = rules.loss !== 'ignore';
    this.commitIf = scaled || (this.guardsLoss && rules.loss !== null) ? 'finite' : 'not-nan';
  }

  /** What is wrong with the loss of a micro-batch, or null. */
  ofLoss(loss: number): Finding | null {
    const { loss: rule } = this.rules;
    if (Number.isFinite(loss) || rule === 'ignore' || (rule === null && !Number.isNaN(loss))) return null;
    const code = Number.isNaN(loss) ? 'X_NAN_LOSS' : 'X_NON_FINITE';
    return { policy: rule ?? 'raise', place: 'loss', code, text: `the loss is ${loss}` };
  }

  /**
   * What is wrong with gradients or weights, or null. The guards' outputs are taken out of `outputs`.
   *
   * @param names of the parameters of the update, in its order.
   */
  async ofUpdate(outputs: Outputs, names: readonly string[]): Promise<Finding | null> {
    const sum = takeValues(outputs, 'gradientSum');
    const findings = await Promise.all(
      GUARDED.map(async ([watched, key]): Promise<Finding | null> => {
        const marks = await takeValues(outputs, finiteGuard(watched));
        const found = names.filter((_, i) => Number.isNaN(marks[i]));
        const rule = this.rules[key];
        if (found.length === 0 || rule === 'ignore') return null;
        return {
          policy: rule,
          place: key,
          code: 'X_NON_FINITE',
          text: `the ${key} of ${listed(found)} are not finite`,
        };
      }),
    );
    // weights that non-finite gradients would make are the precision's affair too
    if (this.precision.skipsNonFinite && !(await sum).every(Number.isFinite)) return null;
    return findings.find((finding) => finding !== null) ?? null;
  }

  /** The finding of any worker, so that all of them leave the step out. */
  async ofWorkers(own: Finding | null, communicator: Communicator): Promise<Finding | null> {
    const { loss: rule } = this.rules;
    if (communicator.worldSize === 1 || (rule !== 'skip' && rule !== 'stop')) return own;
    const { found = 0 } = await communicator.allReduceSum({ found: own === null ? 0 : 1 });
    if (found === 0) return null;
    return (
      own ?? { policy: rule, place: 'loss', code: 'X_NON_FINITE', text: 'the loss of another worker is not finite' }
    );
  }

  /**
   * Does what the rules say, and says it: the first time as a warning.
   *
   * @param explain computes the step again and tells where the value comes from.
   * @throws NonFiniteError (`X_NAN_LOSS`, `X_NON_FINITE`) where the rule is to raise.
   */
  async act(finding: Finding, batchNumTotal: number, explain: () => Promise<string>): Promise<Undone> {
    const { policy, code, text } = finding;
    const what = `${text} in step ${batchNumTotal}; nothing of this step was applied`;
    const again = policy === 'skip' && this.warned;
    const explanation = this.rules.explained && !again ? await explain().catch(unexplained) : ADVICE;
    if (policy === 'raise') throw new NonFiniteError(code, `${what}. ${explanation}`);
    if (again) log.info(`${what}; it is skipped`);
    else
      log.warn(
        `${what}; ${policy === 'stop' ? 'the run ends' : 'it is skipped, and so is every further one'}. ${explanation}`,
      );
    this.warned = true;
    return policy;
  }
}

/** The error for an epoch of which nothing is left. */
export function everyStepSkipped({ epoch, batchesThisEpoch }: Progress): NonFiniteError {
  return new NonFiniteError(
    'X_NON_FINITE',
    `all ${batchesThisEpoch} steps of epoch ${epoch + 1} were skipped, because something in each was not finite: training ` +
      `cannot go on. ${ADVICE}`,
  );
}

const ADVICE =
  'Look at the data, lower the learning rate, or bound the gradients with gradNorm; detectAnomaly: true names ' +
  'the op that it comes from';

/** What was found is the error to know, not that it could not be found again. */
function unexplained(error: unknown): string {
  return `Computing the step again op by op failed: ${messageOf(error)}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `"${name}"`);
  return names.length > MOST_NAMES ? `${shown.join(', ')} and ${names.length - MOST_NAMES} more` : shown.join(', ');
}

async function takeValues(outputs: Outputs, name: string): Promise<Float32Array> {
  const tensor = outputs[name];
  if (tensor === undefined) return new Float32Array();
  delete outputs[name];
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
