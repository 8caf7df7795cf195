import { z } from 'zod';
import type { Catalog, FieldModel } from '../../../core/catalog/catalog.ts';
import { suggestion } from '../../../core/catalog/nearest.ts';
import { ConditionShape, Key } from '../../../core/definitions/common.ts';
import { issue, type Issue } from '../../../core/errors/problem.ts';
import { defineFieldType, type RollupSource } from '../../../core/kinds/field-type.ts';
import { ident, sql } from '../../../core/sql/sql.ts';
import { described, filledByEngine, isNothing, nothing } from '../answers.ts';
import { type Result, results, resultShape, wholeNumber } from '../result.ts';
import { cases } from './rollup.cases.ts';

const source = {
  of: Key.meta({ description: 'The related object, by its plural key' }),
  by: Key.meta({ description: 'Its link field that points here' }),
  field: Key.optional().meta({ description: 'Its field that is summed or compared; none for count' }),
  where: ConditionShape.optional().meta({ description: 'Which of its records count; not by the clock' }),
};
const gives = ['number', 'money', 'date', 'datetime'] as const;

const settings = z
  .strictObject({
    fn: z.enum(['count', 'sum', 'min', 'max']),
    of: source.of.optional(),
    by: source.by.optional(),
    field: source.field,
    where: source.where,
    sources: z
      .array(z.strictObject(source))
      .min(1)
      .max(10)
      .optional()
      .meta({ description: 'Several related objects at once, instead of of, by, field and where' }),
    gives: resultShape(gives).optional(),
  })
  .check((context) => {
    const { fn, of, by, field, where, sources } = context.value;
    const say = (message: string, path: string): void => {
      context.issues.push({ code: 'custom', message, path: [path], input: context.value });
    };
    const short = of !== undefined || by !== undefined || field !== undefined || where !== undefined;
    if (sources && short) return say('Write either of and by, or sources, not both.', 'sources');
    if (!sources && (of === undefined || by === undefined))
      return say('Say of (the related object) and by (its link field).', 'of');
    for (const one of sources ?? [{ field }]) {
      if (fn === 'count' && one.field !== undefined) say('A count takes no field.', 'field');
      if (fn !== 'count' && one.field === undefined) say(`Say which field the ${fn} is of.`, 'field');
    }
    const kind = context.value.gives;
    if (fn === 'count' && kind !== undefined && kind !== 'number') say('A count gives a number.', 'gives');
    if (fn !== 'count' && kind === undefined) say(`Say what it gives: ${gives.join(', ')}.`, 'gives');
    if (fn === 'sum' && (kind === 'date' || kind === 'datetime')) say('Dates cannot be summed.', 'gives');
  });
type Settings = z.infer<typeof settings>;

const resultOf = ({ settings: { fn, gives: kind } }: FieldModel<Settings>): Result =>
  fn === 'count' ? wholeNumber : results[kind ?? 'number'];

const isMoney = (field: FieldModel<Settings>): boolean => resultOf(field) === results.money;
const currencyAlias = (field: FieldModel): string => `${field.key}__currency`;

export const rollup = defineFieldType<Settings, unknown>({
  key: 'rollup',
  label: 'Rollup',
  meaning: 'A count, sum, earliest or latest over related records, kept right as they change.',
  settings,
  traits: (field) => resultOf(field).traits,
  columns: (field) => [{ name: field.key, type: resultOf(field).column }],
  maintained: true,
  parse: (input, field) => (isNothing(input) ? nothing : filledByEngine(field)),
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => resultOf(field).stored(row[field.key]),
  select(field, table, env) {
    const column = { [field.key]: ident(table, field.key) };
    return isMoney(field) && env.currency !== undefined
      ? { ...column, [currencyAlias(field)]: sql`${env.currency}::text` }
      : column;
  },
  read(row, field) {
    const value = resultOf(field).stored(row[field.key]);
    const currency = row[currencyAlias(field)];
    return value !== null && isMoney(field) && currency ? { amount: value, currency } : value;
  },
  operandType: (field) => resultOf(field).operand,
  literal: (input, field, env) => resultOf(field).literal(input, field, env),
  comparable: (value, field) => resultOf(field).comparable(value),
  display: (value, field) => resultOf(field).display(value, field),
  schema: (field) => ({
    read:
      resultOf(field) === wholeNumber
        ? described(field, { type: 'integer', examples: [3] })
        : resultOf(field).schema(field),
  }),
  rollup: (field) => ({ fn: field.settings.fn, sources: sourcesOf(field.settings) }),
  check,
  cases,
});

function sourcesOf({ sources, of, by, field, where }: Settings): readonly RollupSource[] {
  return sources ?? [{ of: of!, by: by!, field, where }];
}

function check(field: FieldModel<Settings>, catalog: Catalog): readonly Issue[] {
  const at = `objects.${field.object}.fields.${field.key}`;
  return sourcesOf(field.settings).flatMap((one, index) =>
    checkSource(one, field, field.settings.sources ? `${at}.sources.${index}` : at, catalog),
  );
}

function checkSource(one: RollupSource, field: FieldModel<Settings>, at: string, catalog: Catalog): Issue[] {
  const child = catalog.objects.get(one.of);
  if (!child) {
    return [
      issue(
        `${at}.of`,
        'unknown_object',
        'There is no object “{of}”.',
        suggestion(one.of, catalog.objects.keys(), 'Name an object that exists, by its plural key.'),
        {
          of: one.of,
        },
      ),
    ];
  }
  const issues: Issue[] = [];
  const by = child.fields.get(one.by);
  if (!by || by.type.linkTo?.(by) !== field.object) {
    const links = [...child.fields.values()].filter((other) => other.type.linkTo?.(other) === field.object);
    issues.push(
      issue(
        `${at}.by`,
        'not_a_link_here',
        '“{of}” has no link “{by}” to {object}.',
        suggestion(
          one.by,
          links.map(({ key }) => key),
          `Use one of its links: ${links.map(({ key }) => key).join(', ') || 'it has none'}.`,
        ),
        {
          of: one.of,
          by: one.by,
          object: field.object,
        },
      ),
    );
  }
  const measured = one.field === undefined ? undefined : child.fields.get(one.field);
  if (one.field !== undefined && !measured) {
    issues.push(
      issue(
        `${at}.field`,
        'unknown_field',
        '“{of}” has no field “{field}”.',
        suggestion(one.field, child.fields.keys(), 'Name a field that exists.'),
        {
          of: one.of,
          field: one.field,
        },
      ),
    );
  }
  if (measured && !fits(measured, resultOf(field))) {
    issues.push(
      issue(
        `${at}.field`,
        'wrong_result',
        '“{label}” does not give what this rollup promises.',
        'Change gives to what the field is, or name another field.',
        {
          label: measured.label,
        },
      ),
    );
  }
  if (namesClock(one.where)) {
    issues.push(
      issue(
        `${at}.where`,
        'forbidden_variable',
        'A rollup cannot depend on the clock: nothing would tell it that time has passed.',
        'Store what does not change here, and compare it with $now in a computed field or a filter.',
      ),
    );
  }
  return issues;
}

/** Columns are written once, when a child changes: a computed field, which never is, cannot be measured. */
function fits(measured: FieldModel, result: Result): boolean {
  if (measured.type.computed) return false;
  const operand = measured.type.operandType(measured);
  if (result === results.date || result === results.datetime) return operand === result.operand;
  const several = measured.type.columns(measured).length > 1;
  return measured.type.traits(measured).includes('numeric') && (several ? result === results.money : true);
}

function namesClock(condition: unknown): boolean {
  if (typeof condition === 'string') return /^\$(now|today)/.test(condition);
  return typeof condition === 'object' && condition !== null && Object.values(condition).some(namesClock);
}
