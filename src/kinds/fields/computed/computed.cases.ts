import type { FieldCase } from '../../../core/kinds/field-type.ts';

const condition = { condition: { amount: { gte: 1000 } } };
const expression = {
  expression: { op: 'days_between', args: [{ field: 'opened_on' }, { $: 'today' }] },
  result: 'number',
};

export const cases: readonly FieldCase[] = [
  { name: 'nothing sent is nothing', settings: condition, input: null, gives: null },
  { name: 'nobody writes an answer', settings: condition, input: true, refuses: 'maintained' },
  { name: 'nor a result', settings: expression, input: 5, refuses: 'maintained' },
];
