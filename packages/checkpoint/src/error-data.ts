/** An error as data that any message can carry. */
export interface ErrorData {
  readonly message: string;
  readonly name?: string;
  /** What Node and this project tell errors apart by: `ENOSPC`, `X_CHECKPOINT`. */
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

/** Causes of causes that are kept; a chain that is longer is a circle. */
const MOST_CAUSES = 8;

/** Whatever was thrown, without the values that could not be sent. */
export function errorData(thrown: unknown, causes = MOST_CAUSES): ErrorData {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { name, message, stack, cause, code } = thrown as Error & { code?: unknown };
  return {
    name,
    message,
    ...(stack !== undefined && { stack }),
    ...(typeof code === 'string' && { code }),
    ...(cause !== undefined && causes > 0 && { cause: errorData(cause, causes - 1) }),
  };
}

/** The error that the data is of, as far as it is. */
export function errorOf({ message, cause, ...rest }: ErrorData): Error {
  return Object.assign(new Error(message, cause === undefined ? {} : { cause: errorOf(cause) }), rest);
}
