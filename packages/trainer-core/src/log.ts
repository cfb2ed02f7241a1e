import { AsyncLocalStorage } from 'node:async_hooks';

/** Where messages go that are not errors. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** Warnings to standard error, information nowhere: what a library does unless told otherwise. */
export const quietLog: Log = {
  info: () => undefined,
  warn: (message) => process.stderr.write(`warning: ${message}\n`),
};

const current = new AsyncLocalStorage<Log>();

/** Runs something whose messages go to `log`, also from its asynchronous continuations. */
export function withLog<R>(log: Log, run: () => R): R {
  return current.run(log, run);
}

/** The log of whatever is running now. */
export const log: Log = {
  info: (message) => (current.getStore() ?? quietLog).info(message),
  warn: (message) => (current.getStore() ?? quietLog).warn(message),
};
