import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { defineFieldType, type Parsed } from '../../../core/kinds/field-type.ts';
import { accepted, refused, shown } from '../answers.ts';
import { cleanText } from '../clean-text.ts';
import { foldedText } from '../folded-text.ts';
import { cases } from './url.cases.ts';

const settings = z.strictObject({
  hostOnly: z
    .boolean()
    .optional()
    .meta({ description: 'Keeps the bare domain alone, without www: acme.com' }),
});
type Settings = z.infer<typeof settings>;

const maxLength = 2_000;

export const url = defineFieldType<Settings, string>({
  key: 'url',
  label: 'Web address',
  meaning: 'An http or https address, or, where set so, a company’s domain alone.',
  settings,
  ...foldedText<Settings>({
    maxLength: (field) => (field.settings.hostOnly ? 253 : maxLength),
    ascii: true,
    spelled: (text, field) => {
      const parsed = parse(text, field);
      return (parsed.ok && parsed.value) || text;
    },
    example: 'https://acme.com/about',
  }),
  parse,
  cases,
});

function parse(input: unknown, field: FieldModel<Settings>): Parsed<string> {
  const text = cleanText(input, field, maxLength);
  if (!text.ok || text.value === null) return text;
  const given = text.value;
  const scheme = /^([a-z][a-z0-9+.-]*):(\/\/)?/i.exec(given);
  const port = /^[^/?#:@]+:\d{1,5}([/?#]|$)/.test(given);
  const address = scheme && !port ? given : `https://${given.replace(/^\/+/, '')}`;
  if (!/^https?:\/\//i.test(address)) {
    return no(field, given, 'does not begin with http:// or https://');
  }
  if (/[\n\t]/.test(given)) return no(field, given, 'runs over several lines');
  const parsed = URL.parse(address);
  if (!parsed || /[\s]/.test(parsed.hostname)) return no(field, given, 'cannot be read as a web address');
  if (parsed.username || parsed.password) return no(field, given, 'carries a user name or password');
  const host = parsed.hostname.replace(/\.$/, '');
  const complete = /^[^.]+(\.[^.]+)+$/.test(host) && !/^[\d.]+$/.test(host);
  if (!complete && (field.settings.hostOnly || !scheme || port)) {
    return no(field, given, 'has no complete domain such as acme.com');
  }
  if (field.settings.hostOnly) return hostOf(host, given);
  const bare = parsed.pathname === '/' && !parsed.search && !parsed.hash;
  const value = bare ? parsed.href.replace(/\/[?#]*$/, '') : parsed.href;
  if (value.length > maxLength) return no(field, given, `is longer than ${maxLength} characters`);
  return accepted(value);
}

function hostOf(whole: string, given: string): Parsed<string> {
  const host = withoutWww(whole);
  const plain = given
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/[/.]+$/, '');
  return accepted(host, withoutWww(plain) === host ? undefined : given);
}

/** www.acme.com → acme.com, but www.com is a name. */
function withoutWww(host: string): string {
  return /^www\.[^.]+\./.test(host) ? withoutWww(host.slice(4)) : host;
}

const no = (field: FieldModel, given: string, because: string) =>
  refused(field, 'not_a_url', '{label}: {given} {because}.', 'Write an address such as https://acme.com.', {
    given: shown(given),
    because,
  });
