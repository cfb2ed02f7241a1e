import { InterruptedError, SIGNAL_STATUS, TrainerError } from '@x/trainer-core';

/** Errors around what a model or another part of the user's own may throw. */
const OF_PLUGINS: readonly string[] = ['X_MODEL_INVALID', 'X_COMPONENT_FAILED', 'X_PLUGIN_FAILED'];

/** So many places tell where it was; stacks are deep. */
const MOST_PLACES = 5;

/** What is said of an error, and the exit status: 143 and 130 after a signal, else 1. */
export function explainFailure(error: unknown): { readonly lines: readonly string[]; readonly status: number } {
  if (error instanceof InterruptedError) return { lines: [error.message], status: SIGNAL_STATUS[error.reason] ?? 1 };
  if (error instanceof TrainerError) {
    const code = error.message.includes('[X_') ? '' : ` [${error.code}]`;
    return { lines: [`error: ${error.message}${code}`, ...placesOf(error)], status: 1 };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    lines: ['error: something went wrong that is not explained here; please report it with the following lines', stack],
    status: 1,
  };
}

/** The lines of the stack that lie in the user's own files. */
function placesOf({ code, cause }: TrainerError): string[] {
  if (!OF_PLUGINS.includes(code) || !(cause instanceof Error) || cause instanceof TrainerError) return [];
  const [, ...places] = cause.stack?.split('\n') ?? [];
  return places
    .filter((line) => /^\s+at .*[\\/]/.test(line) && !/[\\/]node_modules[\\/]|\(?node:/.test(line))
    .slice(0, MOST_PLACES);
}
