import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { keyedType } from '../keyed-type.ts';
import type { Keyed } from '../keyed-value.ts';
import { countryCodes } from './country.data.ts';
import { cases } from './country.cases.ts';

/** Languages whose names for countries are understood; labels are in the first. */
const languages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl'];

/** Names that no language’s list has, but people write. */
const everyday: Record<string, readonly string[]> = {
  US: ['USA', 'U.S.A.', 'U.S.', 'America'],
  GB: ['UK', 'U.K.', 'Great Britain', 'England', 'Scotland', 'Wales'],
  AE: ['UAE'],
  CZ: ['Czech Republic'],
  NL: ['Holland'],
  KR: ['Korea'],
};

const names = languages.map((language) => new Intl.DisplayNames(language, { type: 'region' }));

const countries: readonly Keyed[] = countryCodes.map((code) => {
  const [label = code, ...others] = names.map((language) => language.of(code) ?? code);
  return { key: code, label, synonyms: [...others, ...(everyday[code] ?? [])] };
});

export const country = defineFieldType<Record<string, never>, string>({
  key: 'country',
  label: 'Country',
  meaning: 'A country by its ISO 3166 code, found by its name in eight languages.',
  settings: z.strictObject({}),
  traits: () => ['equatable', 'presence'],
  ...keyedType<Record<string, never>>(() => countries),
  searchText: (value) => countries.find(({ key }) => key === value)?.label ?? '',
  cases,
});
