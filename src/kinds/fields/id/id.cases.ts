import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  {
    name: 'an id is written small',
    input: '01923F6E-7C1A-7BBB-8E21-0A4B7C1D2E3F',
    gives: '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f',
  },
  { name: 'a word is no id', input: 'first', refuses: 'not_an_id' },
  { name: 'a number is no id', input: 1, refuses: 'not_an_id' },
];
