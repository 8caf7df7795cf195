import type { FieldCase } from '../../../core/kinds/field-type.ts';

const id = '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f';

export const cases: readonly FieldCase[] = [
  { name: 'an id', input: id, gives: id },
  {
    name: 'an e-mail as match',
    input: { match: { email: 'anna@example.com' } },
    gives: { match: { email: 'anna@example.com' } },
  },
  {
    name: 'file: an e-mail',
    text: true,
    input: 'anna@example.com',
    gives: { match: { email: 'anna@example.com' } },
  },
  { name: 'file: a name', text: true, input: 'Anna Berg', gives: { match: { name: 'Anna Berg' } } },
  { name: 'nobody', input: null, gives: null },
  { name: 'a name in JSON', input: 'Anna', refuses: 'not_a_link' },
];
