import type { FieldCase } from '../../../core/kinds/field-type.ts';

// The list `industry` of the sample catalog: software; retail (synonym shop); media, merged into software;
// mining, retired.
const settings = { list: 'industry' };

export const cases: readonly FieldCase[] = [
  { name: 'a key', settings, input: 'software', gives: 'software' },
  { name: 'a label, whatever its case', settings, input: 'SOFTWARE & IT', gives: 'software' },
  { name: 'a synonym', settings, input: ' Shop ', gives: 'retail' },
  { name: 'a merged value leads on', settings, input: 'media', gives: 'software' },
  { name: 'empty is no value', settings, input: '', gives: null },
  { name: 'a retired value is not taken any more', settings, input: 'mining', refuses: 'retired_value' },
  { name: 'a word that is none', settings, input: 'sofware', refuses: 'not_in_list' },
  { name: 'a name that every object has', settings, input: '__proto__', refuses: 'not_in_list' },
  { name: 'another such name', settings, input: 'constructor', refuses: 'not_in_list' },
  { name: 'several at once', settings, input: ['software'], refuses: 'wrong_type' },
  {
    name: 'a list that is gone offers nothing',
    settings: { list: 'gone' },
    input: 'a',
    refuses: 'not_in_list',
  },
];
