import { appendFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

/**
 * Adds a line `PASSED FAILED SKIPPED` to the file named by TALLY_FILE, from which `./dev test`
 * makes its last line.
 *
 * A file that does not load, a hook that throws and an error that nothing catches count as one
 * failure each: the tests behind them are reported as skipped, or not at all.
 */
export default class Tally implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env["TALLY_FILE"];
    if (file === undefined) return;
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const suites = [module, ...module.children.allSuites()];
      count.failed += suites.filter((suite) => suite.errors().length > 0).length;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    // Pending: the run was broken off before the test had its turn.
    appendFileSync(file, `${count.passed} ${count.failed} ${count.skipped + count.pending}\n`);
  }
}
