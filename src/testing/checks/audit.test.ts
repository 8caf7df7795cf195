import { expect, test } from 'vitest';
import { readAudit } from './audit.ts';

test('a registry without audits is said to be one, never passed over', () => {
  const output = 'npm warn audit 405 Method Not Allowed\n{\n  "message": "405",\n  "statusCode": 405\n}';
  expect(readAudit(output).state).toBe('not available');
  expect(readAudit('').state).toBe('not available');
});

test('a grave weakness fails, a small one does not', () => {
  const report = (counts: object): string =>
    JSON.stringify({ metadata: { vulnerabilities: counts } }, null, 2);
  expect(readAudit(report({ high: 1, total: 1 })).state).toBe('failed');
  expect(readAudit(report({ low: 2, high: 0, critical: 0, total: 2 })).state).toBe('ok');
});
