/**
 * Money: an exact amount in its currency, and beside it what that was worth in the reporting currency when
 * it was written, which is what is compared, sorted and summed. Null there means that no rate is known.
 */
import { Big } from 'big.js';
import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { Key } from '../../../core/definitions/common.ts';
import { issue } from '../../../core/errors/problem.ts';
import { defineFieldType, type Parsed, type ParseEnv } from '../../../core/kinds/field-type.ts';
import { ident, type Sql } from '../../../core/sql/sql.ts';
import { accepted, asLiteral, described, isNothing, nothing, refused, shown, wrongType } from '../answers.ts';
import { exactly, isPlainDecimal, readDecimal } from '../decimal-text.ts';
import { grouped, readNumber, words } from '../real-number.ts';
import { currencyOf, isCurrency, minorUnits } from './currency.ts';
import { cases } from './money.cases.ts';

const settings = z.strictObject({
  min: z.number().optional().meta({ description: 'Least amount it takes' }),
  rate_on: Key.optional().meta({
    description:
      'Date field of the record whose day’s exchange rate counts; default the day of writing, for a closed record the day it closed',
  }),
});
type Settings = z.infer<typeof settings>;

/** Amounts as decimal text with at least the currency's own decimals, at most four. */
export type Money = { amount: string; currency: string; reporting: string | null };

const wholeDigits = 15;
const decimals = 4;

const currencyColumn = (field: FieldModel): string => `${field.key}__currency`;
const reportingColumn = (field: FieldModel): string => `${field.key}__reporting`;

/** Fixed when the amount is written, and kept until the write path fixes it anew. */
export const worth = {
  currency: (value: Money): string => value.currency,
  at: (value: Money, field: FieldModel, env: ParseEnv): Parsed<Money> =>
    inCurrency(new Big(value.amount), value.currency, field, env),
  same: (a: Money, b: Money): boolean => a.amount === b.amount && a.currency === b.currency,
  into(value: Money, currency: string, field: FieldModel, env: ParseEnv): Parsed<Money> | null {
    const [from, to] = [rateOf(value.currency, env), rateOf(currency, env)];
    if (!from || !to || to.eq(0)) return null;
    return inCurrency(toCoins(new Big(value.amount).times(from).div(to), currency), currency, field, env);
  },
  amountSql: (field: FieldModel, table: string): Sql => ident(table, field.key),
  currencySql: (field: FieldModel, table: string): Sql => ident(table, currencyColumn(field)),
};

export const money = defineFieldType<Settings, Money>({
  key: 'money',
  label: 'Money',
  meaning: 'An amount in a currency; compared, sorted and summed in the workspace’s reporting currency.',
  settings,
  traits: () => ['equatable', 'ordered', 'numeric', 'presence'],
  columns: (field) => [
    { name: field.key, type: 'numeric(19,4)' },
    { name: currencyColumn(field), type: 'text' },
    { name: reportingColumn(field), type: 'numeric(19,4)' },
  ],
  parse,
  parseText(text, field, env) {
    if (isNothing(text)) return nothing;
    const read = readPrice(text, env);
    if (!read) return unreadable(field, text);
    return moneyOf(read.amount, read.currency ?? env.currency, field, env);
  },
  write: (value, field) => ({
    [field.key]: value?.amount ?? null,
    [currencyColumn(field)]: value?.currency ?? null,
    [reportingColumn(field)]: value?.reporting ?? null,
  }),
  stored,
  read(row, field) {
    const value = stored(row, field);
    return value && { amount: value.amount, currency: value.currency };
  },
  operand: (field, table) => ident(table, reportingColumn(field)),
  operandType: () => 'numeric',
  literal(input, field, env) {
    if (typeof input !== 'object' || input === null) {
      const parsed = readNumber(input, field, { decimals });
      return asLiteral(parsed);
    }
    const parsed = parse(input, { ...field, settings: {} }, env);
    if (!parsed.ok || parsed.value === null) return asLiteral(parsed);
    const { reporting, currency } = parsed.value;
    if (reporting !== null) return { ok: true, value: Number(reporting) };
    return {
      ok: false,
      message: `There is no exchange rate for ${currency}. Compare ${field.label} with an amount in ${env.currency}.`,
    };
  },
  comparable: (value) => (value?.reporting == null ? null : Number(value.reporting)),
  display(value) {
    if (typeof value === 'number') return grouped(value);
    if (typeof value !== 'object' || value === null) return words(value);
    const { amount, currency } = value as { amount?: unknown; currency?: unknown };
    return `${groupedText(words(amount))} ${words(currency)}`.trim();
  },
  schema(field) {
    const amount = { type: 'string', pattern: '^-?\\d{1,15}(\\.\\d{1,4})?$', examples: ['1234.50'] };
    const currency = { type: 'string', pattern: '^[A-Z]{3}$', examples: ['EUR'] };
    const object = { type: 'object', properties: { amount, currency } };
    return {
      read: described(field, { ...object, required: ['amount', 'currency'] }),
      write: described(field, {
        anyOf: [
          { type: 'number', examples: [1234.5] },
          { type: 'string', examples: ['1234.50'] },
          { ...object, required: ['amount'] },
        ],
      }),
    };
  },
  worth: { ...worth, dated: (field) => field.settings.rate_on },
  check(field, catalog) {
    const { rate_on: day } = field.settings;
    const dated = day === undefined ? undefined : catalog.objects.get(field.object)?.fields.get(day);
    if (day === undefined || dated?.type.operandType(dated) === 'date') return [];
    return [
      issue(
        `objects.${field.object}.fields.${field.key}.rate_on`,
        'wrong_field',
        '“{day}” is no date field of this object, so no rate can be of that day.',
        'Name a date field of the same object.',
        { day },
      ),
    ];
  },
  inFile: {
    beside: 'currency',
    write: (answer) => {
      const { amount, currency } = (answer ?? {}) as { amount?: string; currency?: string };
      return [amount === undefined ? null : { decimal: amount }, currency ?? null];
    },
    read: (amount, currency) => (amount === '' ? '' : `${amount} ${currency}`.trim()),
  },
  cases,
});

function stored(row: Record<string, unknown>, field: FieldModel): Money | null {
  const amount = row[field.key];
  if (amount === null || amount === undefined) return null;
  const currency = String(row[currencyColumn(field)]);
  const reporting = row[reportingColumn(field)];
  return {
    amount: written(new Big(String(amount)), minorUnits(currency)),
    currency,
    reporting: reporting === null || reporting === undefined ? null : written(new Big(String(reporting))),
  };
}

// `reporting` in the input is never believed: it is worked out again, or a caller could write the KPIs.
function parse(input: unknown, field: FieldModel<Settings>, env: ParseEnv): Parsed<Money> {
  if (isNothing(input)) return nothing;
  if (typeof input === 'number' || typeof input === 'string') return moneyOf(input, env.currency, field, env);
  if (typeof input !== 'object' || Array.isArray(input)) {
    return wrongType(field, input, 'an amount', 'Send 1234.5 or {amount: "1234.50", currency: "EUR"}.');
  }
  const foreign = Object.keys(input).find((key) => !['amount', 'currency', 'reporting'].includes(key));
  const { amount, currency } = input as Record<string, unknown>;
  if (foreign !== undefined || !Object.hasOwn(input, 'amount')) {
    return refused(
      field,
      'wrong_type',
      '{label} takes an object with amount and currency.',
      'Send {amount: "1234.50", currency: "EUR"}.',
    );
  }
  if (isNothing(amount)) return nothing;
  return moneyOf(
    amount,
    Object.hasOwn(input, 'currency') ? (currency ?? env.currency) : env.currency,
    field,
    env,
  );
}

function moneyOf(
  input: unknown,
  currencyInput: unknown,
  field: FieldModel<Settings>,
  env: ParseEnv,
): Parsed<Money> {
  const text = typeof input === 'number' || typeof input === 'string' ? String(input).trim() : '';
  if (!isPlainDecimal(text)) return unreadable(field, input);
  const currency = typeof currencyInput === 'string' ? currencyInput.trim().toUpperCase() : '';
  if (!isCurrency(currency)) {
    return refused(
      field,
      'not_a_currency',
      '{label}: {given} is not a currency.',
      'Use a code of three letters such as EUR or USD.',
      {
        given: shown(currencyInput),
      },
    );
  }
  const amount = exactly(text);
  if (!amount.eq(0) && amount.e >= wholeDigits) return tooLarge(field);
  if (!amount.eq(0) && amount.c.length - 1 - amount.e > decimals) {
    return refused(field, 'too_precise', '{label} takes at most four decimals.', 'Round it to {rounded}.', {
      rounded: amount.round(decimals).toFixed(),
    });
  }
  const { min } = field.settings;
  if (min !== undefined && amount.lt(min)) {
    return refused(field, 'too_small', '{label} is at least {min}.', 'Send {min} or more.', { min });
  }
  return inCurrency(amount, currency, field, env);
}

/** The amount with what it is worth in the reporting currency. */
export function inCurrency(amount: Big, currency: string, field: FieldModel, env: ParseEnv): Parsed<Money> {
  const reporting = inReportingCurrency(amount, currency, env);
  if ([amount, reporting].some((one) => one && !one.eq(0) && one.e >= wholeDigits)) return tooLarge(field);
  return accepted({
    amount: written(amount, minorUnits(currency)),
    currency,
    reporting: reporting && written(reporting),
  });
}

function inReportingCurrency(amount: Big, currency: string, env: ParseEnv): Big | null {
  if (currency === env.currency) return amount;
  const rate = rateOf(currency, env);
  return rate && toCoins(amount.times(rate), env.currency);
}

function rateOf(currency: string, env: ParseEnv): Big | null {
  if (currency === env.currency) return new Big(1);
  const rate = env.rate?.(currency);
  return rate === null || rate === undefined || !isPlainDecimal(String(rate)) ? null : exactly(String(rate));
}

/**
 * Rounded to the smallest coin, half away from nothing: 0.005 → 0.01, -0.005 → -0.01. Council Regulation (EC)
 * No 1103/97, Article 5, rounds so ("exactly half-way … rounded up"); most tax laws do.
 */
export const toCoins = (amount: Big, currency: string): Big =>
  amount.round(minorUnits(currency), Big.roundHalfUp);

/** With at least so many decimals, so that one amount is always written one way; never rounded. */
function written(amount: Big, atLeast = 2): string {
  if (amount.eq(0)) return new Big(0).toFixed(atLeast);
  return amount.toFixed(Math.max(atLeast, amount.c.length - 1 - amount.e));
}

/** `€1,234.50`, `1.234,50 EUR`, `(500.00)`, `-€5`, `500,-`. */
function readPrice(input: string, env: ParseEnv): { amount: string; currency?: string } | undefined {
  if (input.length > 100) return undefined;
  const bracketed = /^\((.*)\)$/.exec(input.trim());
  const text = (bracketed ? bracketed[1]! : input).trim().replace(/[−–—]/g, '-');
  const parts = /^(\D*?)([.,]?\d[\d.,'’\s]*)(\D*)$/.exec(text);
  if (!parts) return undefined;
  const [, before, digits, behind] = parts as unknown as [string, string, string, string];
  // A dash for the missing cents is no minus.
  const after = /[.,]$/.test(digits) ? behind.replace(/^-+/, '') : behind;
  const word = `${before} ${after}`.replace(/[+-]/g, ' ').trim();
  const currency = word === '' ? undefined : currencyOf(word, env.currency);
  if (word !== '' && currency === undefined) return undefined;
  const minuses = (before + after).split('-').length - 1 + (bracketed ? 1 : 0);
  const amount = readDecimal(digits.trim(), env.decimal);
  if (amount === undefined || minuses > 1) return undefined;
  return { amount: minuses === 1 ? `-${amount}` : amount, currency };
}

const unreadable = (field: FieldModel, input: unknown) =>
  refused(
    field,
    'not_money',
    '{label}: {given} is not an amount of money.',
    'Send 1234.5 or {amount: "1234.50", currency: "EUR"}.',
    {
      given: shown(input),
    },
  );

const tooLarge = (field: FieldModel) =>
  refused(
    field,
    'too_large',
    '{label} takes at most {digits} digits before the point.',
    'Send a smaller amount.',
    {
      digits: wholeDigits,
    },
  );

const groupedText = (amount: string): string => {
  const [whole, part] = amount.split('.');
  return whole!.replace(/\B(?=(\d{3})+$)/g, ',') + (part === undefined ? '' : `.${part}`);
};
