/** Currencies: which exist, how many decimals their smallest coin needs, and the signs people write. */

const known = new Set(Intl.supportedValuesOf('currency'));
const coins = new Map<string, number>();

export const isCurrency = (code: string): boolean => known.has(code);

/** Decimals of the smallest unit: 2 for EUR, 0 for JPY, 3 for KWD. */
export function minorUnits(currency: string): number {
  let digits = coins.get(currency);
  if (digits === undefined) {
    digits = isCurrency(currency)
      ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
          .maximumFractionDigits ?? 2)
      : 2;
    coins.set(currency, digits);
  }
  return digits;
}

// Signs that several currencies share mean the workspace's own where it is one of them, else the first.
const signs: Readonly<Record<string, readonly string[]>> = {
  '€': ['EUR'],
  $: ['USD', 'CAD', 'AUD', 'NZD', 'SGD', 'HKD', 'MXN', 'ARS', 'CLP', 'COP'],
  '£': ['GBP', 'EGP'],
  '¥': ['JPY', 'CNY'],
  '₹': ['INR'],
  '₩': ['KRW'],
  '₺': ['TRY'],
  '₽': ['RUB'],
  '₴': ['UAH'],
  '₪': ['ILS'],
  '₫': ['VND'],
  '₱': ['PHP'],
  '₦': ['NGN'],
  us$: ['USD'],
  a$: ['AUD'],
  au$: ['AUD'],
  c$: ['CAD'],
  ca$: ['CAD'],
  nz$: ['NZD'],
  hk$: ['HKD'],
  s$: ['SGD'],
  r$: ['BRL'],
  kr: ['SEK', 'NOK', 'DKK', 'ISK'],
  'kr.': ['DKK', 'NOK', 'SEK', 'ISK'],
  fr: ['CHF'],
  'fr.': ['CHF'],
  sfr: ['CHF'],
  rs: ['INR', 'PKR', 'LKR', 'NPR'],
  'rs.': ['INR', 'PKR', 'LKR', 'NPR'],
  zł: ['PLN'],
  kč: ['CZK'],
  ft: ['HUF'],
  lei: ['RON'],
  euro: ['EUR'],
  euros: ['EUR'],
};

/** The code that a code or sign means; undefined when it means none. */
export function currencyOf(word: string, own: string): string | undefined {
  const code = word.toUpperCase();
  if (isCurrency(code)) return code;
  const sign = word.toLowerCase();
  const meant = Object.hasOwn(signs, sign) ? signs[sign]! : [];
  return meant.includes(own) ? own : meant[0];
}
