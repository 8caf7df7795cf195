import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'nothing is nothing', input: null, gives: null },
  { name: 'nobody writes gaps', input: ['new.owner'], refuses: 'maintained' },
];
