/** Points in time reckoned from now: PostgreSQL and memory agree, in every zone, over changes of the clock. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { row, sql } from '../sql/sql.ts';
import { momentAt, momentToSql, momentWords, parseSpan, spanUnits, type Moment } from './span.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ empty: true });
});
afterAll(() => database.drop());

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati'];
const instants = [
  '2026-03-29T00:59:59Z',
  '2026-03-30T12:00:00Z',
  '2024-02-29T23:30:00Z',
  '2026-12-31T23:59:59.999Z',
  '2026-11-01T12:00:00Z',
];

test.each(zones)('SQL and memory agree in %s', async (zone) => {
  const moments: Moment[] = (['now', 'today'] as const).flatMap((base) => [
    { base, sign: 1 as const },
    ...spanUnits.flatMap((unit) =>
      ([1, -1] as const).flatMap((sign) =>
        [1, 13, 31].map((amount) => ({ base, sign, span: { amount, unit } })),
      ),
    ),
  ]);
  for (const instant of instants) {
    for (const moment of moments) {
      for (const asDate of [true, false]) {
        const compiled = momentToSql(moment, sql`${instant}::timestamptz`, zone, asDate);
        const wanted = asDate
          ? sql`(${compiled})::text`
          : sql`to_char(${compiled} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
        const found = await row<{ at: string }>(database.pool, sql`SELECT ${wanted} AS at`);
        expect(
          momentAt(moment, new Date(instant), zone, asDate),
          `${instant} ${JSON.stringify(moment)}`,
        ).toBe(found!.at);
      }
    }
  }
});

test('a day is a day of the calendar, not 24 hours', () => {
  const after = (text: string) =>
    momentAt(
      { base: 'now', sign: 1, span: parseSpan(text) },
      new Date('2026-03-28T11:00:00Z'),
      'Europe/Berlin',
      false,
    );
  expect(after('1d')).toBe('2026-03-29T10:00:00.000Z');
  expect(after('24h')).toBe('2026-03-29T11:00:00.000Z');
});

test('spans are read and said', () => {
  expect(parseSpan('14d')).toEqual({ amount: 14, unit: 'd' });
  for (const wrong of ['14', 'd', '-1d', '1.5h', '1 d', '100000d', '201y', '', 14, null, '14days']) {
    expect(parseSpan(wrong)).toBeUndefined();
  }
  expect(momentWords({ base: 'now', sign: -1, span: { amount: 1, unit: 'mo' } })).toBe('1 month ago');
  expect(momentWords({ base: 'now', sign: 1, span: { amount: 2, unit: 'h' } })).toBe('2 hours from now');
  expect(momentWords({ base: 'today', sign: 1, span: { amount: 3, unit: 'd' } })).toBe('3 days after today');
  expect(momentWords({ base: 'today', sign: 1 })).toBe('today');
});
