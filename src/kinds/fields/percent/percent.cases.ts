import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'a share of a hundred', input: 45, gives: 45 },
  { name: 'with its sign', input: '45 %', gives: 45 },
  { name: 'decimals', input: 12.25, gives: 12.25 },
  { name: 'above a hundred', input: 101, refuses: 'too_large' },
  { name: 'below nothing', input: -1, refuses: 'too_small' },
  { name: 'growth may be negative where set so', settings: { min: -100, max: 1000 }, input: -20, gives: -20 },
  { name: 'file: decimal comma', text: true, input: '12,5 %', gives: 12.5 },
  { name: 'a word', input: 'half', refuses: 'not_a_number' },
  { name: 'the sign alone', input: '%', refuses: 'not_a_number' },
];
