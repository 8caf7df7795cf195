import type { FieldCase } from '../../../core/kinds/field-type.ts';

const id = '01923f6e-7c1a-7bbb-8e21-0a4b7c1d2e3f';
const settings = { to: 'accounts' };
const contact = { to: 'contacts' };

export const cases: readonly FieldCase[] = [
  { name: 'an id', settings, input: id.toUpperCase(), gives: id },
  { name: 'a record as it is read', settings, input: { id, name: 'Acme' }, gives: id },
  { name: 'a match', settings, input: { match: { name: 'Acme' } }, gives: { match: { name: 'Acme' } } },
  { name: 'empty is no value', settings, input: '', gives: null },
  { name: 'file: an id', settings, text: true, input: id, gives: id },
  { name: 'file: a name', settings, text: true, input: ' Acme Ltd ', gives: { match: { name: 'Acme Ltd' } } },
  {
    name: 'file: a person’s name',
    settings: contact,
    text: true,
    input: 'Anna Maria Berg',
    gives: { match: { first_name: 'Anna Maria', last_name: 'Berg' } },
  },
  {
    name: 'file: last name first',
    settings: contact,
    text: true,
    input: 'Berg, Anna',
    gives: { match: { first_name: 'Anna', last_name: 'Berg' } },
  },
  {
    name: 'file: an e-mail',
    settings: contact,
    text: true,
    input: 'anna@example.com',
    gives: { match: { email: 'anna@example.com' } },
  },
  { name: 'a name in JSON', settings, input: 'Acme', refuses: 'not_a_link' },
  { name: 'an id and a match', settings, input: { id, match: { name: 'Acme' } }, refuses: 'not_a_link' },
  { name: 'an empty match', settings, input: { match: {} }, refuses: 'not_a_link' },
  { name: 'a match with nothing', settings, input: { match: { name: '' } }, refuses: 'not_a_link' },
  { name: 'a match with a list', settings, input: { match: { name: ['Acme'] } }, refuses: 'not_a_link' },
  {
    name: 'a match by a field that is not there',
    settings,
    input: { match: { nam: 'Acme' } },
    refuses: 'unknown_field',
  },
  {
    name: 'a match by the prototype',
    settings,
    input: JSON.parse('{"match":{"__proto__":"x"}}'),
    refuses: 'unknown_field',
  },
  { name: 'an object without either', settings, input: {}, refuses: 'not_a_link' },
  { name: 'a number', settings, input: 1, refuses: 'wrong_type' },
  { name: 'a list', settings, input: [id], refuses: 'wrong_type' },
];
