import { oneOf } from '../choice/choice.view.tsx';

const named = new Map<string, { key: string; label: string; active: boolean }[]>();

/** All currencies by code and name in the reader’s language, in the order of their codes. */
function currenciesIn(locale: string | undefined) {
  let known = named.get(locale ?? '');
  if (!known) {
    const names = new Intl.DisplayNames(locale ?? 'en', { type: 'currency' });
    known = Intl.supportedValuesOf('currency').map((code) => {
      const name = names.of(code) ?? code;
      return { key: code, label: name === code ? code : `${code} · ${name}`, active: true };
    });
    named.set(locale ?? '', known);
  }
  return known;
}

export const currencyView = oneOf((_, env) => currenciesIn(env.locale));
