/** What the test runners counted, read from their JSON reports: the figures of the last line. */
import { readFileSync } from 'node:fs';

export type Totals = { passed: number; failed: number; skipped: number };

export const noTests: Totals = { passed: 0, failed: 0, skipped: 0 };

export const added = (a: Totals, b: Totals): Totals => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

/** The last line: alone, and always in these words. */
export const totalsLine = ({ passed, failed, skipped }: Totals): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

type VitestReport = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
};

/** A file that broke before its first test counts as one failure. */
export function vitestTotals(report: VitestReport): Totals {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

type PlaywrightReport = {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  errors: unknown[];
};

/** A test that passed only on a second try passed, and Playwright's own summary says which. */
export function playwrightTotals({ stats, errors }: PlaywrightReport): Totals {
  const broken = stats.unexpected === 0 && errors.length > 0 ? 1 : 0;
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + broken,
    skipped: stats.skipped,
  };
}

/** Totals of a report on disk; a runner that died before writing it has failed once. */
export function readTotals(path: string, totals: (report: any) => Totals): Totals {
  try {
    return totals(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return { ...noTests, failed: 1 };
  }
}
