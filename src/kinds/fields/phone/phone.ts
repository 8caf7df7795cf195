import {
  type CountryCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
  type PhoneNumber,
} from 'libphonenumber-js/max';
import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { fold } from '../../../core/conditions/fold.ts';
import { defineFieldType, type Parsed, type ParseEnv } from '../../../core/kinds/field-type.ts';
import { ident } from '../../../core/sql/sql.ts';
import { accepted, described, isNothing, noValue, refused, shown } from '../answers.ts';
import { cleanText } from '../clean-text.ts';
import { cases } from './phone.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** E.164, with an extension as RFC 3966 writes it: `+4930901820;ext=12`. One number has one spelling. */
export const phone = defineFieldType<Settings, string>({
  key: 'phone',
  label: 'Phone',
  meaning: 'One telephone number in international form, with its extension; national numbers are completed.',
  settings,
  traits: () => ['equatable', 'textual', 'presence'],
  columns: (field) => [{ name: field.key, type: 'text', collateC: true }],
  parse,
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => (row[field.key] as string | null | undefined) ?? null,
  operand: (field, table) => ident(table, field.key),
  operandType: () => 'text',
  // What is no whole number may be a part of one: its digits are what can be found.
  literal(input, field, env) {
    if (isNothing(input)) return noValue;
    const text = typeof input === 'number' ? String(input) : input;
    const parsed = parse(text, field, env);
    if (parsed.ok && parsed.value !== null) return { ok: true, value: parsed.value };
    const part = typeof text === 'string' ? digitsOf(text) : '';
    if (part === '') {
      return { ok: false, message: `${field.label} is compared with a phone number, not ${shown(input)}.` };
    }
    return { ok: true, value: part };
  },
  // "030 90" is looked for as 3090: the nought before a national number is not part of +49…
  fragment(text) {
    const digits = digitsOf(text);
    return digits === '' ? fold(text) : digits.replace(/^00/, '+').replace(/^0(?=\d)/, '');
  },
  display: (value) => (typeof value === 'string' ? (known(value)?.formatInternational() ?? value) : ''),
  // The national spelling too: people search for a number as they dial it.
  searchText(value) {
    if (value === null) return '';
    const national = known(value)
      ?.formatNational()
      .replace(/ ext.*$/, '')
      .replace(/\D/g, '');
    return national ? `${value} ${national}` : value;
  },
  schema(field) {
    const schema = described(field, {
      type: 'string',
      examples: ['+4930901820', '+14155550132;ext=12'],
    });
    return { read: schema, write: schema };
  },
  cases,
});

function parse(input: unknown, field: FieldModel, env: ParseEnv): Parsed<string> {
  const text = cleanText(input, field, 250);
  if (!text.ok || text.value === null) return text;
  const country = isSupportedCountry(env.country) ? env.country : undefined;
  const number = read(text.value, country) ?? read(text.value.replace(/^\(?00/, '+'), country);
  if (!number) {
    return refused(
      field,
      'not_a_phone',
      '{label}: {given} cannot be a telephone number.',
      'Write it with its country code, such as +49 30 901820.',
      { given: shown(text.value) },
    );
  }
  const value = number.ext ? `${number.number};ext=${number.ext}` : number.number;
  return accepted(value, value === text.value ? undefined : text.value);
}

function read(text: string, defaultCountry: CountryCode | undefined): PhoneNumber | undefined {
  const number = parsePhoneNumberFromString(text, { defaultCountry, extract: false });
  return number?.isPossible() ? number : undefined;
}

const digitsOf = (text: string): string => text.replace(/[^\d+]/g, '');

const known = (value: string): PhoneNumber | undefined => parsePhoneNumberFromString(value);
