import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'lines and tabs stay', input: 'first\n\n\tsecond', gives: 'first\n\n\tsecond' },
  { name: 'a hundred thousand characters fit', input: 'a'.repeat(100_000), gives: 'a'.repeat(100_000) },
  { name: 'one more does not', input: 'a'.repeat(100_001), refuses: 'too_long' },
  { name: 'NUL is refused', input: 'a\0', refuses: 'bad_characters' },
  { name: 'a list is not text', input: ['a'], refuses: 'wrong_type' },
];
