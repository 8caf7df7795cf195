import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'true', input: true, gives: true },
  { name: 'false', input: false, gives: false },
  { name: 'a word', input: 'Yes', gives: true },
  { name: 'a German word', input: 'nein', gives: false },
  { name: 'one', input: 1, gives: true },
  { name: 'nought as text', text: true, input: '0', gives: false },
  { name: 'a cross in a list', text: true, input: ' X ', gives: true },
  { name: 'empty is no answer', input: '', gives: null },
  { name: 'perhaps', input: 'perhaps', refuses: 'not_yes_or_no' },
  { name: 'two', input: 2, refuses: 'not_yes_or_no' },
  { name: 'a list', input: [true], refuses: 'not_yes_or_no' },
];
