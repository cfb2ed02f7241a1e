import { messageOf } from '../config/show.js';
import type { TrainerCallback, TrainerView } from '../contracts/callbacks.js';
import { log } from '../log.js';

const NAMES = [
  'onRunStart',
  'onEpochStart',
  'onStepStart',
  'onMicroBatchEnd',
  'onGradients',
  'onStepEnd',
  'onEvaluateStart',
  'onEvaluateBatch',
  'onEvaluateEnd',
  'onCheckpoint',
  'onEpochEnd',
  'onError',
  'onRunEnd',
] as const;

export type HookName = (typeof NAMES)[number];
type BoundHook = (view: TrainerView, event: unknown) => void | Promise<void>;
type HookEvent<N extends HookName> = Parameters<NonNullable<TrainerCallback[N]>>[1];

/** The hooks of all callbacks, bound once: a hook that nobody overrides costs nothing. */
export class Hooks {
  private readonly bound: ReadonlyMap<HookName, readonly BoundHook[]>;

  constructor(
    callbacks: readonly TrainerCallback[],
    private readonly view: TrainerView,
  ) {
    this.bound = new Map(
      NAMES.map((name) => [
        name,
        callbacks.flatMap((callback) => {
          return callback[name] === undefined ? [] : [boundHook(callback, name)];
        }),
      ]),
    );
  }

  /** Whether anybody listens. */
  has(name: HookName): boolean {
    return this.bound.get(name)!.length > 0;
  }

  /** Whether anybody looks between gradients and update. */
  get watchesGradients(): boolean {
    return this.has('onMicroBatchEnd') || this.has('onGradients');
  }

  /** Calls a hook of every callback in list order. */
  async fire<N extends HookName>(
    name: N,
    ...event: HookEvent<N> extends undefined ? [] : [HookEvent<N>]
  ): Promise<void> {
    for (const hook of this.bound.get(name)!) await hook(this.view, event[0]);
  }

  /**
   * Calls a hook of every callback even if some throw; the first error is thrown when all were called, and the others are
   * logged. For the end of a run.
   */
  async fireAll<N extends HookName>(
    name: N,
    ...event: HookEvent<N> extends undefined ? [] : [HookEvent<N>]
  ): Promise<void> {
    const errors: unknown[] = [];
    for (const hook of this.bound.get(name)!) {
      try {
        await hook(this.view, event[0]);
      } catch (error) {
        errors.push(error);
      }
    }
    for (const other of errors.slice(1)) log.warn(`another callback failed in ${name}: ${messageOf(other)}`);
    if (errors.length > 0) throw errors[0] as Error;
  }
}

function boundHook(callback: TrainerCallback, name: HookName): BoundHook {
  return (view, event) => (callback as Record<HookName, BoundHook>)[name](view, event);
}
