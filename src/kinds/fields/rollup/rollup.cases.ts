import type { FieldCase } from '../../../core/kinds/field-type.ts';

const count = { fn: 'count', of: 'contacts', by: 'account' };
const sum = { fn: 'sum', of: 'deals', by: 'account', field: 'amount', gives: 'money' };
const latest = {
  fn: 'max',
  gives: 'datetime',
  sources: [{ of: 'activities', by: 'deal', field: 'occurred_at' }],
};

export const cases: readonly FieldCase[] = [
  { name: 'nothing sent is nothing', settings: count, input: null, gives: null },
  { name: 'nobody writes a count', settings: count, input: 3, refuses: 'maintained' },
  { name: 'nor a sum', settings: sum, input: { amount: '1.00', currency: 'EUR' }, refuses: 'maintained' },
  { name: 'nor the latest moment', settings: latest, input: '2026-03-09T00:00:00Z', refuses: 'maintained' },
];
