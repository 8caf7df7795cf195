import type { FieldCase } from '../../../core/kinds/field-type.ts';

const settings = { quantity: 'quantity', price: 'price', discount: 'discount' };

export const cases: readonly FieldCase[] = [
  { name: 'nothing sent is nothing', settings, input: null, gives: null },
  { name: 'nobody writes a total', settings, input: 100, refuses: 'maintained' },
  {
    name: 'nor with its currency',
    settings,
    input: { amount: '1.00', currency: 'EUR' },
    refuses: 'maintained',
  },
];
