/**
 * E-mail addresses by RFC 5321 as people's mail systems use it: no comments, no address literals, no bare
 * host names (RFC 7085). The domain is kept in its ASCII form, so that one mailbox has one spelling.
 */
import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { defineFieldType, type Parsed } from '../../../core/kinds/field-type.ts';
import { accepted, refused, shown } from '../answers.ts';
import { asciiHost } from '../ascii-host.ts';
import { cleanText } from '../clean-text.ts';
import { foldedText } from '../folded-text.ts';
import { cases } from './email.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

const maxLength = 254;
const atom = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const quoted = /^"([ !#-[\]-~]|\\[ -~])*"$/;
const bytes = new TextEncoder();

export const email = defineFieldType<Settings, string>({
  key: 'email',
  label: 'E-mail',
  meaning: 'One e-mail address; case makes no difference when two are compared.',
  settings,
  ...foldedText<Settings>({
    maxLength: () => maxLength,
    spelled: (text, field) => {
      const parsed = parse(text, field);
      return (parsed.ok && parsed.value) || text;
    },
    example: 'anna@example.com',
    format: 'idn-email',
  }),
  parse,
  cases,
});

function parse(input: unknown, field: FieldModel): Parsed<string> {
  const text = cleanText(input, field, 1_000);
  if (!text.ok || text.value === null) return text;
  const named = /^[^<>]*<([^<>]+)>$/.exec(text.value) ?? /^"[^"]*"\s*<([^<>]+)>$/.exec(text.value);
  const bare = (named ? named[1]! : text.value).trim();
  const address = /^mailto:([^?]*)/i.exec(bare)?.[1] ?? bare;
  const at = address.lastIndexOf('@');
  if (at < 1) return no(field, text.value, 'has no name and domain around an @');
  const local = address.slice(0, at);
  const domain = address.slice(at + 1);
  if (!atom.test(local) && !quoted.test(local)) {
    return no(field, text.value, `has something before the @ that no mail system takes`);
  }
  if (bytes.encode(local).length > 64)
    return no(field, text.value, 'has more than 64 characters before the @');
  if (!domain.includes('.')) return no(field, text.value, 'has no complete domain after the @');
  const host = asciiHost(domain);
  if (!host || /\.\d+$/.test(host)) return no(field, text.value, 'has a domain that cannot exist');
  const value = `${local}@${host}`;
  if (bytes.encode(value).length > maxLength)
    return no(field, text.value, `is longer than ${maxLength} characters`);
  const lost = named !== null || host !== domain.toLowerCase();
  return accepted(value, lost ? text.value : undefined);
}

const no = (field: FieldModel, given: string, because: string) =>
  refused(
    field,
    'not_an_email',
    '{label}: {given} {because}.',
    'Write one address such as anna@example.com.',
    { given: shown(given), because },
  );
