import type { ErrorCode } from '../errors.js';

/** One thing wrong with a validated value; `path` is relative to it. */
export interface Problem {
  readonly code: ErrorCode;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** The component that was asked for and that no listed plugin provides. */
  readonly wanted?: WantedComponent;
}

/** A component by its extension point and name. */
export interface WantedComponent {
  readonly kind: string;
  readonly name: string;
}
