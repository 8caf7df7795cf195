import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'a code is kept', input: 'DE', gives: 'DE' },
  { name: 'a code in small letters is the same', input: 'de', gives: 'DE' },
  { name: 'an English name is found', input: 'Czechia', gives: 'CZ' },
  { name: 'a name is found without its accents', input: "Cote d'Ivoire", gives: 'CI' },
  { name: 'a German name is found', input: 'Österreich', gives: 'AT' },
  { name: 'everyday names are found', input: 'USA', gives: 'US' },
  { name: 'from a file too', input: 'United Kingdom', text: true, gives: 'GB' },
  { name: 'nothing is no value', input: '', gives: null },
  { name: 'a code that no country has is refused', input: 'XX', refuses: 'not_in_list' },
  { name: 'a number is refused', input: 49, refuses: 'not_in_list' },
  { name: 'a list is refused', input: ['DE'], refuses: 'wrong_type' },
];
