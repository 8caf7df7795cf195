import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'a key', input: 'new_business', gives: 'new_business' },
  { name: 'a label', input: 'repeat business', gives: 'repeat_business' },
  { name: 'empty is no value', input: null, gives: null },
  { name: 'a pipeline of another object', input: 'lead_handling', refuses: 'not_in_list' },
];
