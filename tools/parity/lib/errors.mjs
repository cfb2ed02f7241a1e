import { TrainerError } from '@x/trainer-core';

import { Mismatch, NotCovered } from './outcome.mjs';

/** Runs what must fail: with one of our own errors, which carry a code and a message for users. */
export function expectError(expected, run) {
  let result;
  try {
    result = run();
  } catch (error) {
    return checkError(expected, error);
  }
  if (result instanceof Promise) {
    return result.then(
      () => missing(expected),
      (error) => checkError(expected, error),
    );
  }
  return missing(expected);
}

function checkError(expected, error) {
  if (error instanceof NotCovered) throw error;
  if (error instanceof TrainerError) return;
  throw new Mismatch('the error', expected, `${error.name}: ${error.message}`);
}

function missing(expected) {
  throw new Mismatch('the error', expected, undefined);
}
