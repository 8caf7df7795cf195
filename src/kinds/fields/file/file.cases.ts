import type { FieldCase } from '../../../core/kinds/field-type.ts';

const id = '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f';

export const cases: readonly FieldCase[] = [
  { name: 'an id', input: id, gives: id },
  { name: 'a file as it is read', input: { id, name: 'offer.pdf' }, gives: id },
  { name: 'empty is no value', input: '', gives: null },
  { name: 'a file name', input: 'offer.pdf', refuses: 'not_a_file' },
  { name: 'a path', text: true, input: '../../etc/passwd', refuses: 'not_a_file' },
  { name: 'a list', input: [id], refuses: 'not_a_file' },
];
