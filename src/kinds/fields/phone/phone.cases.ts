import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  { name: 'the canonical form needs nothing kept', input: '+4930901820', gives: '+4930901820' },
  {
    name: 'a national number is completed',
    env: { country: 'DE' },
    input: '030 901820',
    gives: '+4930901820',
    typed: '030 901820',
  },
  {
    name: 'the workspace’s country decides',
    env: { country: 'US' },
    input: '(415) 555-0132',
    gives: '+14155550132',
    typed: '(415) 555-0132',
  },
  {
    name: 'an extension is kept',
    input: '+49 30 901820 ext. 12',
    gives: '+4930901820;ext=12',
    typed: '+49 30 901820 ext. 12',
  },
  { name: 'the canonical form with extension', input: '+4930901820;ext=12', gives: '+4930901820;ext=12' },
  {
    name: '00 means plus',
    env: { country: 'US' },
    input: '0049 30 901820',
    gives: '+4930901820',
    typed: '0049 30 901820',
  },
  { name: 'too short', input: '+49 1', refuses: 'not_a_phone' },
  { name: 'too long', input: '+4930123456789012345', refuses: 'not_a_phone' },
  { name: 'words', input: 'call me', refuses: 'not_a_phone' },
  { name: 'two numbers', input: '030 901820 / 030 901821', env: { country: 'DE' }, refuses: 'not_a_phone' },
  { name: 'a number has lost its zeros', input: 30901820, refuses: 'wrong_type' },
  { name: 'empty is no value', input: '', gives: null },
];
