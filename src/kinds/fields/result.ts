/** What rollups and computed fields answer with: each sort of result behaves as the field type of that name. */
import { Big } from 'big.js';
import { z } from 'zod';
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import type { FieldType, ParseEnv, Trait } from '../../core/kinds/field-type.ts';
import { described, isNothing, type Literal, noValue, shown } from './answers.ts';
import { date } from './date/date.ts';
import { datetime } from './datetime/datetime.ts';
import { number } from './number/number.ts';
import { words } from './real-number.ts';
import { yesNo } from './yes-no/yes-no.ts';

export type Result = {
  traits: readonly Trait[];
  /** SQL type where it is stored. */
  column: string;
  /** SQL type where it is compared. */
  operand: string;
  stored(value: unknown): unknown;
  literal(input: unknown, field: FieldModel, env: ParseEnv): Literal;
  comparable(value: unknown): unknown;
  display(value: unknown, field: FieldModel): string;
  schema(field: FieldModel): Record<string, unknown>;
};

/** Behaves as a field of this type without settings of its own. */
function like(type: FieldType): Result {
  const settings = type.settings.parse({});
  const as = (field: FieldModel): FieldModel => ({ ...field, type, settings });
  const sample = as({ key: 'value' } as FieldModel);
  return {
    traits: type.traits(sample),
    column: type.columns(sample)[0]!.type,
    operand: type.operandType(sample),
    stored: (value) => type.stored({ value }, sample),
    literal: (input, field, env) => type.literal(input, as(field), env),
    comparable: (value) => value,
    display: (value, field) => type.display(value, as(field), undefined as never),
    schema: (field) => type.schema(as(field)).read,
  };
}

const asNumber = like(number);

/** Text as the expression made it: compared as written, since no folded form of it is stored. */
const text: Result = {
  traits: ['equatable', 'ordered', 'presence'],
  column: 'text',
  operand: 'text',
  stored: (value) => (value === undefined ? null : value),
  literal(input, field) {
    if (isNothing(input)) return noValue;
    if (typeof input === 'string' && input.isWellFormed() && fold(input) !== '')
      return { ok: true, value: input };
    return { ok: false, message: `${field.label} is compared with text, not ${shown(input)}.` };
  },
  comparable: (value) => value,
  display: words,
  schema: (field) => described(field, { type: 'string' }),
};

/** A sum in the reporting currency: exact text of at least two decimals. */
const money: Result = {
  ...asNumber,
  column: 'numeric(24,4)',
  stored: (value) => (value === null || value === undefined ? null : amountText(value)),
  comparable: (value) => (value === null || value === undefined ? null : Number(value)),
  display: (value, field) => asNumber.display(typeof value === 'string' ? Number(value) : value, field),
  schema: (field) =>
    described(field, {
      type: 'object',
      properties: { amount: { type: 'string' }, currency: { type: 'string' } },
      required: ['amount', 'currency'],
      examples: [{ amount: '1234.50', currency: 'EUR' }],
    }),
};

function amountText(value: unknown): string {
  const amount = new Big(String(value));
  return amount.toFixed(Math.max(2, amount.c.length - 1 - amount.e));
}

export const results = {
  number: asNumber,
  money,
  text,
  date: like(date),
  datetime: like(datetime),
  yes_no: like(yesNo),
} as const satisfies Record<string, Result>;
type ResultKey = keyof typeof results;

/** A whole number, as counts are. */
export const wholeNumber: Result = { ...asNumber, column: 'bigint', operand: 'bigint' };

export const resultShape = <const Keys extends readonly ResultKey[]>(keys: Keys) =>
  z.enum(keys).meta({ description: 'What the value is' });
