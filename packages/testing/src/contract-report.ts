import type { TestRunner } from './runner.js';

/** What became of the cases of a suite, by name. */
export interface ContractReport {
  readonly passed: readonly string[];
  readonly failed: Readonly<Record<string, Error>>;
}

/**
 * Runs a suite without a test runner and tells what became of it: for tests of suites, and for tools that check a plugin.
 *
 * @example const { failed } = await contractReport((runner) => optimizerContract(runner, { name: 'mine', make }));
 */
export async function contractReport(define: (runner: TestRunner) => void): Promise<ContractReport> {
  const cases: { readonly name: string; readonly test: () => Promise<void> }[] = [];
  define({ describe: (_, body) => body(), it: (name, test) => cases.push({ name, test }) });
  const passed: string[] = [];
  const failed: Record<string, Error> = {};
  for (const { name, test } of cases) {
    try {
      await test();
      passed.push(name);
    } catch (error) {
      failed[name] = error as Error;
    }
  }
  return { passed, failed };
}
