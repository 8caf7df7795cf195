import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase({ empty: true });
});
afterAll(() => database.drop());

test.each([
  ['42::int8', 42],
  ['9007199254740991::int8', 9007199254740991],
  ['9007199254740993::int8', '9007199254740993'],
  ['1.50::numeric', '1.50'],
  ["'2026-03-29'::date", '2026-03-29'],
  ["'2026-03-29 02:30:00.123456+02'::timestamptz", '2026-03-29T00:30:00.123Z'],
  ["'2026-03-29 02:30+00'::timestamptz(3)", '2026-03-29T02:30:00.000Z'],
  ["'infinity'::timestamptz", 'infinity'],
  ["'2026-03-29 02:30'::timestamp", '2026-03-29 02:30:00'],
  ["'1 day 2 hours'::interval", '1 day 02:00:00'],
  [`'{"a": [1, null]}'::jsonb`, { a: [1, null] }],
  ["'null'::jsonb", null],
  ['NULL::numeric', null],
  ['ARRAY[1, NULL, 9007199254740993]::int8[]', [1, null, '9007199254740993']],
  ['ARRAY[1.50, NULL]::numeric[]', ['1.50', null]],
  ["ARRAY['2026-03-29', NULL]::date[]", ['2026-03-29', null]],
  ["ARRAY['2026-03-29 00:00+00']::timestamptz[]", ['2026-03-29T00:00:00.000Z']],
  ['true', true],
  ["ARRAY['a', 'b,\"c\"']::text[]", ['a', 'b,"c"']],
])('%s is read as %j', async (sql, expected) => {
  const { rows } = await database.pool.query(`SELECT ${sql} AS value`);
  expect(rows[0].value).toEqual(expected);
});

test('every session is in UTC, with qualified names only and time limits', async () => {
  const { rows } = await database.pool.query(`
    SELECT current_setting('TimeZone') AS zone, current_setting('search_path') AS path,
      current_setting('idle_in_transaction_session_timeout') AS idle,
      current_setting('statement_timeout') AS statement, current_setting('application_name') AS name`);
  expect(rows).toEqual([
    { zone: 'UTC', path: 'public', idle: '1min', statement: '1min', name: 'groundwork test' },
  ]);
});
