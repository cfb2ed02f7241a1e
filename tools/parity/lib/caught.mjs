import { TrainerError } from '@x/trainer-core';

import { Mismatch } from './outcome.mjs';

/** The error that `run` ends with, which must be one of our own. */
export async function caught(expected, run) {
  try {
    await run();
  } catch (error) {
    if (error instanceof TrainerError) return error;
    throw new Mismatch('the error', expected, `${error.name}: ${error.message}`);
  }
  throw new Mismatch('the error', expected, undefined);
}

/** What `run` gives where no error is wanted: one of our own is a difference, any other a failure. */
export async function accepted(expected, run, at) {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof TrainerError)) throw error;
    const isJsonnet = error.message.includes('npm install @hanazuki/node-jsonnet');
    throw new Mismatch(isJsonnet ? 'the Jsonnet package' : at, expected, error.message);
  }
}

/** Checks that the message of an error says all of that: texts, or patterns. */
export function says(error, parts) {
  for (const part of parts) {
    const isSaid = typeof part === 'string' ? error.message.includes(part) : part.test(error.message);
    if (!isSaid) throw new Mismatch('the error', String(part), error.message);
  }
}

/** Compares plain data: no key less, and none more. Numbers that are not finite stand as strings. */
export function exactly(expected, received, at) {
  if (canonical(expected) !== canonical(received)) throw new Mismatch(at, expected, received);
}

function canonical(value) {
  return JSON.stringify(value, (_, item) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
