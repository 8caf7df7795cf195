import type { FieldCase } from '../../../core/kinds/field-type.ts';

export const cases: readonly FieldCase[] = [
  {
    name: 'the domain is lower-cased, the rest stays',
    input: 'Anna.K@Example.COM',
    gives: 'Anna.K@example.com',
  },
  { name: 'mailto: is taken off', input: 'mailto:anna@example.com?subject=Hi', gives: 'anna@example.com' },
  {
    name: 'a name around it is kept as typed',
    input: 'Anna K <anna@example.com>',
    gives: 'anna@example.com',
    typed: 'Anna K <anna@example.com>',
  },
  {
    name: 'an international domain gets its one spelling',
    input: 'anna@Müller.de',
    gives: 'anna@xn--mller-kva.de',
    typed: 'anna@Müller.de',
  },
  { name: 'plus and slash are fine', input: 'a+b/c=d@iana.org', gives: 'a+b/c=d@iana.org' },
  { name: 'a quoted name is fine', input: '"john doe"@iana.org', gives: '"john doe"@iana.org' },
  { name: 'empty is no value', input: ' ', gives: null },
  { name: 'no domain', input: 'anna@', refuses: 'not_an_email' },
  { name: 'no at sign', input: 'anna.example.com', refuses: 'not_an_email' },
  { name: 'two addresses', input: 'a@x.com, b@x.com', refuses: 'not_an_email' },
  { name: 'two at signs', input: 'a@b@x.com', refuses: 'not_an_email' },
  { name: 'a bare host', input: 'anna@acme', refuses: 'not_an_email' },
  { name: 'dots in a row', input: 'a..b@x.com', refuses: 'not_an_email' },
  { name: 'a number as domain', input: 'a@1.2.3.4', refuses: 'not_an_email' },
  { name: 'an underscore in the domain', input: 'a@exa_mple.com', refuses: 'not_an_email' },
  { name: 'a name of 65 characters', input: `${'a'.repeat(65)}@iana.org`, refuses: 'not_an_email' },
  { name: 'not text', input: 7, refuses: 'wrong_type' },
];
