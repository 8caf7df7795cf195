import { expect, test } from 'vitest';
import { added, playwrightTotals, readTotals, totalsLine, vitestTotals } from './test-totals.ts';

const file = (status: string, assertionResults: unknown[]) => ({ status, assertionResults });

test('the last line sums both runners', () => {
  const unit = vitestTotals({
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 0,
    testResults: [file('failed', [{}]), file('passed', [{}])],
  });
  const pages = playwrightTotals({
    stats: { expected: 3, unexpected: 0, flaky: 1, skipped: 0 },
    errors: [],
  });
  expect(totalsLine(added(unit, pages))).toBe('9 passed, 1 failed, 2 skipped');
});

test('a file that broke before its first test is a failure', () => {
  const report = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
  expect(vitestTotals({ ...report, testResults: [file('failed', [])] }).failed).toBe(1);
});

test('a browser run that could not begin is a failure', () => {
  const stats = { expected: 0, unexpected: 0, flaky: 0, skipped: 0 };
  expect(playwrightTotals({ stats, errors: [{}] }).failed).toBe(1);
});

test('a runner that left no report has failed', () => {
  expect(readTotals('no/such/report.json', vitestTotals).failed).toBe(1);
});
