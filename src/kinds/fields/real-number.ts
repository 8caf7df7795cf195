/**
 * The shape of number and percent. A value is a JSON number of at most 15 significant digits, which a
 * double holds exactly: what was sent is what is read, and what PostgreSQL compares is what memory compares.
 */
import { z } from 'zod';
import type { FieldModel } from '../../core/catalog/catalog.ts';
import type { FieldType, Parsed } from '../../core/kinds/field-type.ts';
import { accepted, asLiteral, described, isNothing, nothing, refused, shown, wrongType } from './answers.ts';
import { exactly, isPlainDecimal, readDecimal } from './decimal-text.ts';

export const numberSettings = {
  decimals: z
    .number()
    .int()
    .min(0)
    .max(10)
    .optional()
    .meta({ description: 'Most decimals it takes; 0 for whole numbers' }),
  min: z.number().optional().meta({ description: 'Least value it takes' }),
  max: z.number().optional().meta({ description: 'Greatest value it takes' }),
};
export type NumberSettings = {
  decimals?: number | undefined;
  min?: number | undefined;
  max?: number | undefined;
};

const mostDigits = 15;
const mostDecimals = 10;

/** Reads a JSON number or plain decimal text within limits. Total. */
export function readNumber(input: unknown, field: FieldModel, limits: NumberSettings): Parsed<number> {
  if (isNothing(input)) return nothing;
  if (typeof input !== 'number' && typeof input !== 'string') {
    return wrongType(field, input, 'a number', 'Write digits, with a point before decimals.');
  }
  const text = String(input).trim();
  if (!isPlainDecimal(text)) {
    return notANumber(field, input);
  }
  const exact = exactly(text);
  const decimals = limits.decimals ?? mostDecimals;
  if (!exact.eq(0)) {
    if (exact.e >= mostDigits) {
      return refused(
        field,
        'too_large',
        '{label}: {given} has more than {digits} digits before the point.',
        'Send a smaller number.',
        {
          given: shown(text),
          digits: mostDigits,
        },
      );
    }
    if (exact.c.length - 1 - exact.e > decimals) {
      return refused(
        field,
        'too_precise',
        decimals === 0
          ? '{label} takes whole numbers, not {given}.'
          : '{label} takes at most {decimals} decimals.',
        'Round it to {rounded}.',
        { decimals, given: shown(text), rounded: exact.round(decimals).toFixed() },
      );
    }
    if (exact.c.length > mostDigits) {
      return refused(
        field,
        'too_precise',
        '{label} takes at most {digits} significant digits.',
        'Round it.',
        {
          digits: mostDigits,
        },
      );
    }
  }
  const value = exact.eq(0) ? 0 : exact.toNumber();
  if (limits.min !== undefined && value < limits.min) {
    return refused(field, 'too_small', '{label} is at least {min}.', 'Send {min} or more.', {
      min: limits.min,
    });
  }
  if (limits.max !== undefined && value > limits.max) {
    return refused(field, 'too_large', '{label} is at most {max}.', 'Send {max} or less.', {
      max: limits.max,
    });
  }
  return accepted(value);
}

const notANumber = (field: FieldModel, input: unknown) =>
  refused(
    field,
    'not_a_number',
    '{label}: {given} is not a number.',
    'Write digits, with a point before decimals.',
    { given: shown(input) },
  );

type NumberPart<S> = Required<
  Pick<
    FieldType<S, number>,
    | 'traits'
    | 'columns'
    | 'parse'
    | 'parseText'
    | 'write'
    | 'stored'
    | 'operandType'
    | 'literal'
    | 'display'
    | 'schema'
  >
>;

type NumberOptions<S> = {
  limits(field: FieldModel<S>): NumberSettings;
  /** What stands behind the number for people: ` km`, ` %`. */
  suffix(field: FieldModel<S>): string;
  /** True where text may carry a percent sign. */
  percentSign?: boolean;
  example: number;
};

/** Everything but key, label, meaning, settings and cases. */
export function realNumber<S>(options: NumberOptions<S>): NumberPart<S> {
  const whole = (field: FieldModel<S>): boolean => options.limits(field).decimals === 0;
  const unsigned = (input: unknown): unknown =>
    options.percentSign && typeof input === 'string' ? input.replace(/(?<=\d)\s*%\s*$/, '') : input;
  const parse = (input: unknown, field: FieldModel<S>): Parsed<number> =>
    readNumber(unsigned(input), field, options.limits(field));
  return {
    traits: () => ['equatable', 'ordered', 'numeric', 'presence'],
    columns: (field) => [{ name: field.key, type: whole(field) ? 'bigint' : 'numeric(30,10)' }],
    parse,
    parseText(text, field, env) {
      const plain = readDecimal(String(unsigned(text)), env.decimal);
      return plain === undefined && !isNothing(text) ? notANumber(field, text) : parse(plain, field);
    },
    write: (value, field) => ({ [field.key]: value }),
    stored: (row, field) => numberOf(row[field.key]),
    operandType: (field) => (whole(field) ? 'bigint' : 'numeric'),
    literal: (input, field) =>
      asLiteral(readNumber(unsigned(input), field, { decimals: whole(field) ? 0 : undefined })),
    display: (value, field) =>
      typeof value === 'number' ? grouped(value) + options.suffix(field) : words(value),
    schema(field) {
      const { decimals, min, max } = options.limits(field);
      const limits = {
        ...(min === undefined ? {} : { minimum: min }),
        ...(max === undefined ? {} : { maximum: max }),
      };
      const schema = described(field, {
        type: decimals === 0 ? 'integer' : 'number',
        ...limits,
        examples: [
          Math.min(
            max ?? Infinity,
            Math.max(min ?? -Infinity, decimals === 0 ? Math.round(options.example) : options.example),
          ),
        ],
      });
      return { read: schema, write: schema };
    },
  };
}

/** What the driver gives for a number: a number, or exact text. */
export const numberOf = (stored: unknown): number | null =>
  stored === null || stored === undefined ? null : Number(stored);

const format = new Intl.NumberFormat('en', { maximumFractionDigits: mostDecimals });
export const grouped = (value: number): string => format.format(value);
/** A value for people, whatever stands there; objects have no words. */
export const words = (value: unknown): string =>
  value === null || value === undefined || typeof value === 'object' ? '' : String(value);
