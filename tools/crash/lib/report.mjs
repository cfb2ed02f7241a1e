const SHOWN_FAILURES = 10;

/** Counts the cases of a suite and prints what failed. */
export class Report {
  counts = { passed: 0, failed: 0, skipped: 0 };

  constructor(name) {
    this.name = name;
  }

  /** One case: it passes unless `run` throws. */
  check = async (name, run) => {
    try {
      await run();
      this.counts.passed += 1;
    } catch (error) {
      this.fail(name, error);
    }
  };

  /** A case that cannot run here. */
  skip = (name, reason) => {
    this.counts.skipped += 1;
    console.log(`  skipped: ${this.name}: ${name}: ${reason}`);
  };

  async run(suite) {
    const start = performance.now();
    await suite().catch((error) => this.fail('the suite broke off', error));
    const { passed, failed, skipped } = this.counts;
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    console.log(`${this.name}: ${passed} passed, ${failed} failed, ${skipped} skipped (${seconds} s)`);
  }

  fail(name, error) {
    this.counts.failed += 1;
    if (this.counts.failed > SHOWN_FAILURES) return;
    console.log(`  FAILED: ${this.name}: ${name}: ${error?.stack ?? error}`);
  }
}
