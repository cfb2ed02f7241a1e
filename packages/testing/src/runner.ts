import { expectNoLeak } from './expect-no-leak.js';

/** The two functions that every test runner has: jest, vitest, mocha and `node:test` fit as they are. */
export interface TestRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, test: () => Promise<void>) => unknown;
}

/** The same runner, in which a case also fails if it leaves tensors behind or frees ones that it did not make. */
export function leakFree({ describe, it }: TestRunner): TestRunner {
  return { describe, it: (name, test) => it(name, () => expectNoLeak(test)) };
}
