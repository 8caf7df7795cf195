import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'a code is kept', input: 'USD', gives: 'USD' },
  { name: 'a code in small letters is the same', input: 'chf', gives: 'CHF' },
  { name: 'an English name is found', input: 'Japanese Yen', gives: 'JPY' },
  { name: 'from a file too', input: 'kwd', text: true, gives: 'KWD' },
  { name: 'nothing is no value', input: '', gives: null },
  { name: 'a code that no currency has is refused', input: 'TALER', refuses: 'not_in_list' },
  { name: 'a number is refused', input: 978, refuses: 'not_in_list' },
  { name: 'a list is refused', input: ['USD'], refuses: 'wrong_type' },
];
