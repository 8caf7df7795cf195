import { z } from 'zod';
import { defineFieldType } from '../../../core/kinds/field-type.ts';
import { keyedType } from '../keyed-type.ts';
import type { Keyed } from '../keyed-value.ts';
import { cases } from './currency.cases.ts';

const names = new Intl.DisplayNames('en', { type: 'currency' });

const currencies: readonly Keyed[] = Intl.supportedValuesOf('currency').map((code) => ({
  key: code,
  label: names.of(code) ?? code,
}));

export const currency = defineFieldType<Record<string, never>, string>({
  key: 'currency',
  label: 'Currency',
  meaning: 'A currency by its ISO 4217 code, such as USD.',
  settings: z.strictObject({}),
  traits: () => ['equatable', 'presence'],
  ...keyedType<Record<string, never>>(() => currencies),
  // People know the code, not always the name.
  display: (value) => (typeof value === 'string' ? value : ''),
  searchText: (value) => value ?? '',
  cases,
});
