import { expect, test } from 'vitest';
import { raw } from '../../../core/sql/sql.ts';
import { sampleCatalog, sampleField } from '../sample-catalog.ts';
import { rollup } from './rollup.ts';

const catalog = sampleCatalog();
const refusal = (settings: unknown): string | undefined =>
  rollup.settings.safeParse(settings).error?.issues[0]?.message;
const findings = (settings: Record<string, unknown>, object = 'accounts') =>
  rollup.check!(sampleField(rollup, settings, { object }), catalog).map(({ path, code }) => [
    path.replace(/^.*value\.?/, ''),
    code,
  ]);

test.each([
  [{ fn: 'count' }, /Say of/],
  [{ fn: 'count', of: 'deals', by: 'account', sources: [{ of: 'deals', by: 'account' }] }, /not both/],
  [{ fn: 'count', of: 'deals', by: 'account', field: 'amount' }, /takes no field/],
  [{ fn: 'sum', of: 'deals', by: 'account', gives: 'money' }, /which field/],
  [{ fn: 'sum', of: 'deals', by: 'account', field: 'amount' }, /what it gives/],
  [{ fn: 'sum', of: 'deals', by: 'account', field: 'opened_on', gives: 'date' }, /cannot be summed/],
  [{ fn: 'count', of: 'deals', by: 'account', gives: 'money' }, /gives a number/],
])('settings that say too little or too much are refused: %j', (settings, message) => {
  expect(refusal(settings)).toMatch(message);
});

test('one source in short and the same in a list mean the same', () => {
  const short = sampleField(rollup, {
    fn: 'sum',
    of: 'deals',
    by: 'account',
    field: 'amount',
    where: { stage: 'won' },
    gives: 'money',
  });
  const long = sampleField(rollup, {
    fn: 'sum',
    sources: [{ of: 'deals', by: 'account', field: 'amount', where: { stage: 'won' } }],
    gives: 'money',
  });
  expect(rollup.rollup!(short)).toEqual(rollup.rollup!(long));
});

test('a rollup that holds together has no findings', () => {
  expect(findings({ fn: 'sum', of: 'deals', by: 'account', field: 'amount', gives: 'money' })).toEqual([]);
  expect(findings({ fn: 'max', of: 'deals', by: 'account', field: 'opened_on', gives: 'date' })).toEqual([]);
  expect(findings({ fn: 'count', of: 'contacts', by: 'account' })).toEqual([]);
});

test.each([
  [{ fn: 'count', of: 'dals', by: 'account' }, ['of', 'unknown_object']],
  [{ fn: 'count', of: 'deals', by: 'owner' }, ['by', 'not_a_link_here']],
  [{ fn: 'sum', of: 'deals', by: 'account', field: 'amonut', gives: 'money' }, ['field', 'unknown_field']],
  [{ fn: 'sum', of: 'deals', by: 'account', field: 'name', gives: 'number' }, ['field', 'wrong_result']],
  [{ fn: 'sum', of: 'deals', by: 'account', field: 'amount', gives: 'number' }, ['field', 'wrong_result']],
  [
    { fn: 'max', of: 'deals', by: 'account', field: 'opened_on', gives: 'datetime' },
    ['field', 'wrong_result'],
  ],
  [
    { fn: 'count', of: 'deals', by: 'account', where: { any: [{ opened_on: { gte: '$today-30d' } }] } },
    ['where', 'forbidden_variable'],
  ],
])('a broken reference is found with its path: %j', (settings, finding) => {
  expect(findings(settings)).toEqual([finding]);
});

test('a sum of money is read in the reporting currency', () => {
  const field = sampleField(rollup, {
    fn: 'sum',
    of: 'deals',
    by: 'account',
    field: 'amount',
    gives: 'money',
  });
  const selected = rollup.select!(field, 't', { catalog, readable: () => raw('true'), currency: 'CHF' });
  expect(selected['value__currency']!.values).toEqual(['CHF']);
  expect(rollup.read!({ value: '1234.5000', value__currency: 'CHF' }, field)).toEqual({
    amount: '1234.50',
    currency: 'CHF',
  });
  expect(rollup.read!({ value: null, value__currency: 'CHF' }, field)).toBeNull();
});
