import { EngineError } from '../errors.js';

/** A program that cannot be compiled: why, where in the user's code, and what to do. */
export class TraceError extends EngineError {
  override readonly name: string = 'TraceError';

  constructor(
    readonly reason: string,
    readonly where: string = '',
    options?: ErrorOptions,
  ) {
    super('X_ENGINE_NOT_COMPILABLE', where === '' ? reason : `${reason} (at ${where})`, options);
  }
}
