import type { FieldCase } from '../../../core/kinds/field-type.ts';

const settings = { list: 'industry' };

export const cases: readonly FieldCase[] = [
  {
    name: 'keys, each once and in order',
    settings,
    input: ['software', 'retail', 'Retail'],
    gives: ['retail', 'software'],
  },
  { name: 'one value alone', settings, input: 'retail', gives: ['retail'] },
  { name: 'an empty list is no value', settings, input: [], gives: null },
  { name: 'empty members are left out', settings, input: ['', null], gives: null },
  {
    name: 'file: several in one cell',
    settings,
    text: true,
    input: 'Retail; software',
    gives: ['retail', 'software'],
  },
  { name: 'file: a label with a comma', settings, text: true, input: 'Food, drink', gives: ['food'] },
  { name: 'one that is none', settings, input: ['retail', 'x'], refuses: 'not_in_list' },
  { name: 'a list in a list', settings, input: [['retail']], refuses: 'wrong_type' },
  {
    name: 'more than anybody chooses',
    settings,
    input: Array.from({ length: 101 }, () => 'retail'),
    refuses: 'too_long',
  },
];
