import type { RunRequest, RunResult } from '../contracts/engine.js';
import type { NamedState } from '../state/named-state.js';

/** A program that an engine has compiled for the shapes of one request. */
export interface CompiledProgram {
  /**
   * Runs it, as `Engine.run` does; the request has the shapes, and the state the temporaries, that it was traced with.
   *
   * @throws whatever the runtime says; the state is as it was then.
   */
  run(state: NamedState, request: RunRequest): RunResult | Promise<RunResult>;

  /** Frees what it holds outside of JavaScript. */
  dispose(): void;
}
