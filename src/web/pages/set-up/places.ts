/** Countries, currencies and zones that the browser knows, and a first guess at the reader's own. */

/** The browser's zone may be unknown to lists (“UTC” is). */
export const usualZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

export const zones = (): string[] => [
  ...new Set(['UTC', usualZone(), ...Intl.supportedValuesOf('timeZone')]),
];

export const currencies = (): string[] => Intl.supportedValuesOf('currency');

export const usualCountry = (): string => {
  for (const language of navigator.languages) {
    const region = new Intl.Locale(language).region;
    if (region) return region;
  }
  return 'DE';
};

/** All two-letter codes that have a name in the reader's language. */
export function countries(): { value: string; label: string }[] {
  const names = new Intl.DisplayNames(undefined, { type: 'region', fallback: 'none' });
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
  const found: { value: string; label: string }[] = [];
  for (const first of letters) {
    for (const second of letters) {
      const value = first + second;
      const label = notCountries.has(value) ? undefined : names.of(value);
      if (label) found.push({ value, label });
    }
  }
  return found.sort((a, b) => a.label.localeCompare(b.label));
}

/** Codes that name groups, old states or nothing yet. */
const notCountries = new Set([
  'EU',
  'EZ',
  'UN',
  'XA',
  'XB',
  'ZZ',
  'QO',
  'AN',
  'BU',
  'CS',
  'DD',
  'DY',
  'FX',
  'HV',
  'NH',
  'NT',
  'RH',
  'SU',
  'TP',
  'VD',
  'YD',
  'YU',
  'ZR',
  'AC',
  'CP',
  'DG',
  'CQ',
  'EA',
  'IC',
  'TA',
  'UK',
]);

const euro = new Set([
  'AT',
  'BE',
  'BG',
  'CY',
  'DE',
  'EE',
  'ES',
  'FI',
  'FR',
  'GR',
  'HR',
  'IE',
  'IT',
  'LT',
  'LU',
  'LV',
  'MT',
  'NL',
  'PT',
  'SI',
  'SK',
]);
const others: Record<string, string> = {
  AU: 'AUD',
  BR: 'BRL',
  CA: 'CAD',
  CH: 'CHF',
  CN: 'CNY',
  CZ: 'CZK',
  DK: 'DKK',
  GB: 'GBP',
  HU: 'HUF',
  IN: 'INR',
  JP: 'JPY',
  KR: 'KRW',
  MX: 'MXN',
  NO: 'NOK',
  NZ: 'NZD',
  PL: 'PLN',
  RO: 'RON',
  SE: 'SEK',
  TR: 'TRY',
  UA: 'UAH',
  ZA: 'ZAR',
};

/** A first guess that the form shows and that can be changed. */
export const usualCurrency = (country: string): string =>
  euro.has(country) ? 'EUR' : (others[country] ?? (country === 'US' ? 'USD' : 'EUR'));
