import type { FieldCase } from '../../../core/kinds/field-type.ts';

const hostOnly = { hostOnly: true };

export const cases: readonly FieldCase[] = [
  { name: 'https is added', input: 'acme.com', gives: 'https://acme.com' },
  { name: 'http stays', input: 'http://Acme.com/About', gives: 'http://acme.com/About' },
  { name: 'a lone slash goes', input: 'https://acme.com/', gives: 'https://acme.com' },
  { name: 'a port is no scheme', input: 'acme.com:8080/x', gives: 'https://acme.com:8080/x' },
  { name: 'query and fragment stay', input: 'https://acme.com/?a=1#b', gives: 'https://acme.com/?a=1#b' },
  { name: 'a host of the house needs its scheme', input: 'http://wiki/', gives: 'http://wiki' },
  { name: 'a word is no address', input: 'n/a', refuses: 'not_a_url' },
  { name: 'no script', input: 'javascript:alert(1)', refuses: 'not_a_url' },
  { name: 'no other scheme', input: 'ftp://acme.com', refuses: 'not_a_url' },
  { name: 'no password', input: 'https://a:b@acme.com', refuses: 'not_a_url' },
  { name: 'a space in the host', input: 'https://ac me.com', refuses: 'not_a_url' },
  {
    name: 'a domain out of an address',
    settings: hostOnly,
    input: 'https://www.Acme.com/',
    gives: 'acme.com',
  },
  {
    name: 'what a domain loses is kept as typed',
    settings: hostOnly,
    input: 'https://acme.com/shop?x=1',
    gives: 'acme.com',
    typed: 'https://acme.com/shop?x=1',
  },
  { name: 'www twice', settings: hostOnly, input: 'www.www.acme.com', gives: 'acme.com' },
  { name: 'a domain called www', settings: hostOnly, input: 'www.com', gives: 'www.com' },
  {
    name: 'an international domain',
    settings: hostOnly,
    input: 'Müller.de',
    gives: 'xn--mller-kva.de',
    typed: 'Müller.de',
  },
  { name: 'a domain needs its ending', settings: hostOnly, input: 'acme', refuses: 'not_a_url' },
  { name: 'a dot too many', settings: hostOnly, input: 'acme..', refuses: 'not_a_url' },
  { name: 'not text', input: false, refuses: 'wrong_type' },
];
