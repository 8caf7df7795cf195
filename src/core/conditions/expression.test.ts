/** Computed expressions give the right value, and nothing in them can fail while a list is read. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  makeTables,
  put,
  sampleCatalog,
  sampleDefinitions,
  sampleNow,
  sampleParse,
} from '../../kinds/sample-workspace.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { row, sql } from '../sql/sql.ts';
import { operationNames } from './expression.ts';
import { fieldToSql } from './to-sql.ts';

type Result = 'number' | 'text' | 'date' | 'datetime' | 'yes_no';
const f = (field: string) => ({ field });
const call = (op: string, ...args: unknown[]) => ({ op, args });

// The deal: amount 10,000, cost 4,000, opened 2026-03-06, no close; now is 2026-03-20 12:00 UTC, in Berlin 13:00.
const cases: [string, unknown, Result, unknown][] = [
  ['a field', f('amount'), 'number', 10_000],
  ['a literal', 5, 'number', 5],
  ['add', call('add', f('amount'), f('cost'), 1.5), 'number', 14_001.5],
  ['add with something missing', call('add', f('amount'), null), 'number', null],
  ['subtract', call('subtract', f('amount'), f('cost')), 'number', 6_000],
  ['multiply', call('multiply', f('amount'), 0.19), 'number', 1_900],
  ['divide', call('divide', f('cost'), f('amount')), 'number', 0.4],
  ['divide by zero', call('divide', f('cost'), call('subtract', f('cost'), f('cost'))), 'number', null],
  ['abs', call('abs', -3), 'number', 3],
  ['round', call('round', 2.5), 'number', 3],
  ['round to digits', call('round', call('divide', 2, 3), 2), 'number', 0.67],
  ['round to hundreds', call('round', 1_250, -2), 'number', 1_300],
  ['min passes over the missing', call('min', 3, null, 2), 'number', 2],
  ['max of dates', call('max', f('opened_on'), f('closed_on')), 'date', '2026-03-06'],
  ['coalesce', call('coalesce', f('closed_on'), f('opened_on')), 'date', '2026-03-06'],
  ['coalesce of nothing', call('coalesce', null, null), 'number', null],
  ['days between a date and today', call('days_between', f('opened_on'), { $: 'today' }), 'number', 14],
  [
    'days between with a time, in the zone',
    call('days_between', f('next_step_at'), { $: 'now' }),
    'number',
    -1,
  ],
  [
    'days between with something missing',
    call('days_between', f('closed_on'), { $: 'today' }),
    'number',
    null,
  ],
  ['year', call('year', f('opened_on')), 'number', 2026],
  [
    'concat passes over the missing',
    call('concat', f('name'), ' (', f('cost'), ', ', null, f('opened_on'), ')'),
    'text',
    'Älpha (4000, 2026-03-06)',
  ],
  ['concat of nothing is missing', call('concat', null), 'text', null],
  ['lower', call('lower', f('name')), 'text', 'älpha'],
  ['upper', call('upper', 'abc'), 'text', 'ABC'],
  ['trim', call('trim', '  a b '), 'text', 'a b'],
  ['length', call('length', f('name')), 'number', 5],
  [
    'if it is so',
    { if: { stage: 'won' }, then: 1, else: { if: { cost: { gt: 1 } }, then: 2, else: 3 } },
    'number',
    2,
  ],
  ['if nothing is known', { if: { closed_on: '2026-01-01' }, then: 'yes', else: f('name') }, 'text', 'Älpha'],
  ['today', { $: 'today-1mo' }, 'date', '2026-02-20'],
  ['now', { $: 'now+1h' }, 'datetime', '2026-03-20T13:00:00.000Z'],
  ['yes or no', { if: { stage: { outcome: 'open' } }, then: true, else: false }, 'yes_no', true],
  ['null alone', null, 'text', null],
];

describe('an expression', () => {
  const definitions = sampleDefinitions();
  cases.forEach(([, expression, result], index) => {
    definitions.objects.deals!.fields[`probe_${index}`] = {
      type: 'computed',
      label: 'Probe',
      owner: 'administrator',
      meaning: 'A field under test.',
      expression,
      result,
    };
  });
  const { catalog, issues } = sampleCatalog(definitions);
  let database: TestDatabase;
  beforeAll(async () => {
    database = await testDatabase({ empty: true });
    await makeTables(database.pool, catalog);
    await put(database.pool, catalog, 'deals', {
      name: 'Älpha',
      stage: 'proposal_sent',
      amount: 10_000,
      cost: 4_000,
      opened_on: '2026-03-06',
      next_step_at: '2026-03-20T23:30:00Z',
    });
  });
  afterAll(() => database.drop());

  test.each(cases.map((one, index) => [...one, index] as const))(
    '%s',
    async (_name, _expression, _result, value, index) => {
      expect(issues).toEqual([]);
      const { sql: expression, field } = fieldToSql(`probe_${index}`, {
        catalog,
        object: 'deals',
        alias: 't',
        place: 'list',
        scope: { me: null, teams: [], now: sampleNow },
        parse: sampleParse(catalog),
      });
      const found = await row(
        database.pool,
        sql`SELECT ${expression} AS ${{ chunks: [`probe_${index}`], values: [] }} FROM crm.deals t`,
      );
      expect(field.type.stored(found!, field)).toEqual(value);
    },
  );

  test('every operation is tried above', () => {
    const used = JSON.stringify(cases);
    expect(operationNames.filter((name) => !used.includes(`"op":"${name}"`))).toEqual([]);
  });
});
