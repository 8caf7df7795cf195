/**
 * What a line comes to: quantity × price × (1 − discount), rounded to the coins of the price's currency, line by
 * line, so that the sum of the lines is the sum that the customer can check.
 */
import { Big } from 'big.js';
import { z } from 'zod';
import type { Catalog, FieldModel } from '../../../core/catalog/catalog.ts';
import { Key } from '../../../core/definitions/common.ts';
import { issue, type Issue } from '../../../core/errors/problem.ts';
import { defineFieldType, type FieldType } from '../../../core/kinds/field-type.ts';
import { filledByEngine, isNothing, nothing } from '../answers.ts';
import { inCurrency, money, toCoins, worth, type Money } from '../money/money.ts';
import { cases } from './line-total.cases.ts';

const settings = z.strictObject({
  quantity: Key.meta({ description: 'Number field: how many; one where it is empty' }),
  price: Key.meta({ description: 'Money field: the price of one' }),
  discount: Key.optional().meta({ description: 'Percent field: what is taken off' }),
});
type Settings = z.infer<typeof settings>;

export const lineTotal = defineFieldType<Settings, Money>({
  ...(money as FieldType<unknown, Money>),
  key: 'line_total',
  label: 'Line total',
  meaning: 'Quantity times price, less the discount, rounded to the smallest coin of the price’s currency.',
  settings,
  maintained: true,
  parse: (input, field) => (isNothing(input) ? nothing : filledByEngine(field)),
  parseText: undefined,
  literal: (input, field, env) => money.literal(input, { ...field, settings: {} }, env),
  schema: (field) => ({ read: money.schema({ ...field, settings: {} }).read }),
  worth,
  derived: (field) => ({
    reads: [
      field.settings.quantity,
      field.settings.price,
      ...(field.settings.discount ? [field.settings.discount] : []),
    ],
    value(valueOf, env) {
      const price = valueOf(field.settings.price) as Money | null;
      if (price === null) return nothing;
      const quantity = (valueOf(field.settings.quantity) as number | null) ?? 1;
      const discount = field.settings.discount
        ? ((valueOf(field.settings.discount) as number | null) ?? 0)
        : 0;
      const total = new Big(price.amount)
        .times(String(quantity))
        .times(new Big(100).minus(String(discount)))
        .div(100);
      return inCurrency(toCoins(total, price.currency), price.currency, field, env);
    },
  }),
  check,
  cases,
});

function check(field: FieldModel<Settings>, catalog: Catalog): readonly Issue[] {
  const own = catalog.objects.get(field.object)?.fields;
  const wrong = (part: keyof Settings, holds: (one: FieldModel) => boolean, what: string): Issue[] => {
    const key = field.settings[part];
    const one = key === undefined ? undefined : own?.get(key);
    if (key === undefined || (one && holds(one))) return [];
    return [
      issue(
        `objects.${field.object}.fields.${field.key}.${part}`,
        'wrong_field',
        '“{key}” is no {what} field of this object.',
        'Name a {what} field of the same object.',
        { key, what },
      ),
    ];
  };
  const numeric = (one: FieldModel) =>
    one.type.traits(one).includes('numeric') && one.type.worth === undefined && !one.type.computed;
  return [
    ...wrong('quantity', numeric, 'number'),
    ...wrong('price', (one) => one.type.worth !== undefined && !one.maintained, 'money'),
    ...wrong('discount', numeric, 'percent'),
  ];
}
