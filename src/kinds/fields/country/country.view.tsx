import { oneOf } from '../choice/choice.view.tsx';
import { countryCodes } from './country.data.ts';

const named = new Map<string, { key: string; label: string; active: boolean }[]>();

/** All countries by their names in the reader’s language, in its order. */
function countriesIn(locale: string | undefined) {
  let known = named.get(locale ?? '');
  if (!known) {
    const names = new Intl.DisplayNames(locale ?? 'en', { type: 'region' });
    const order = new Intl.Collator(locale);
    known = countryCodes
      .map((code) => ({ key: code, label: names.of(code) ?? code, active: true }))
      .sort((a, b) => order.compare(a.label, b.label));
    named.set(locale ?? '', known);
  }
  return known;
}

export const countryView = oneOf((_, env) => countriesIn(env.locale));
