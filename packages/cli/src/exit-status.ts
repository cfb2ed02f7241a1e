import { InterruptedError, TrainerError } from '@x/trainer-core';

const SIGNAL_STATUS: Readonly<Record<string, number>> = { SIGTERM: 143, SIGINT: 130 };

/** What is said of an error, and the exit status: 143 and 130 after a signal, else 1. */
export function explainFailure(error: unknown): { readonly lines: readonly string[]; readonly status: number } {
  if (error instanceof InterruptedError) return { lines: [error.message], status: SIGNAL_STATUS[error.reason] ?? 1 };
  if (error instanceof TrainerError) {
    const code = error.message.includes('[X_') ? '' : ` [${error.code}]`;
    return { lines: [`error: ${error.message}${code}`], status: 1 };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    lines: ['error: something went wrong that is not explained here; please report it with the following lines', stack],
    status: 1,
  };
}
