/** Counts, sums and extremes of a filter, by group: column totals of a board, footers of a table. The read path with another select. */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import { ident, join, raw, sql, type Sql } from '../../core/sql/sql.ts';
import { accessOf, parseEnvOf, scopeValuesOf } from '../access/access.ts';
import { runRead } from './run.ts';
import { readableLink, readableObject, unknownField } from './select.ts';
import { readCondition, type Filter } from './where.ts';

export type Measure = { fn: 'count' } | { fn: 'sum' | 'avg' | 'min' | 'max'; field: string };
export type SummariseInput = Filter & {
  object: string;
  by?: readonly string[];
  measures?: readonly Measure[];
};

/** How many amounts a sum leaves out, because no exchange rate was known for them. */
const withoutRate = (field: FieldModel, worth: Sql): Sql =>
  sql`count(*) FILTER (WHERE ${field.type.worth!.amountSql(field, 't')} IS NOT NULL AND ${worth} IS NULL)::bigint AS ${ident(`without_rate_${field.key}`)}`;

/**
 * One row per group: the grouping fields by key, `count`, and each measure as `<fn>_<field>` (sums of money in
 * the reporting currency, as decimal strings), for money with `without_rate_<field>`: how many amounts it leaves
 * out because no exchange rate was known. At most 1,000 groups.
 */
export async function summarise(
  context: Context,
  input: SummariseInput,
): Promise<{ data: Record<string, unknown>[] }> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  const by = input.by ?? [];
  const measures = (input.measures ?? []).filter((measure) => measure.fn !== 'count');
  const told = new Set<string>();
  const named = (path: string, key: string) => {
    const field = object.fields.get(key);
    if (!field || access.field(object.key, key) === 'hidden') throw invalid([unknownField(path, key)]);
    const expression = fieldToSql(key, {
      catalog: context.catalog,
      object: object.key,
      alias: 't',
      place: 'list',
      scope: scopeValuesOf(context),
      parse: parseEnvOf(context),
    });
    return { field, expression: expression.sql };
  };
  const groups = by.map((key) => {
    const { field, expression } = named('by', key);
    if (field.type.traits(field).includes('set'))
      throw invalid([
        issue(
          'by',
          'not_groupable',
          '“{label}” holds several values and cannot group.',
          'Group by another field.',
          { label: field.label },
        ),
      ]);
    const shown = field.type.columns(field)[0];
    return {
      key,
      expression:
        field.type.traits(field).includes('textual') && shown
          ? ident('t', shown.name)
          : readableLink(access, field, expression),
    };
  });
  const columns: Sql[] = [
    ...groups.map((group) => sql`${group.expression} AS ${ident(group.key)}`),
    raw('count(*)::bigint AS "count"'),
    ...measures.flatMap((measure) => {
      const { field, expression } = named('measures', measure.field);
      const traits = field.type.traits(field);
      const fits =
        measure.fn === 'sum' || measure.fn === 'avg'
          ? traits.includes('numeric')
          : traits.includes('numeric') || traits.includes('temporal');
      if (!fits) {
        throw invalid([
          issue(
            'measures',
            'not_measurable',
            '“{label}” has no {fn}.',
            'Use a number, money or date field.',
            { label: field.label, fn: measure.fn },
          ),
        ]);
      }
      const value = sql`${raw(measure.fn)}(${expression}) AS ${ident(`${measure.fn}_${measure.field}`)}`;
      if (!field.type.worth || told.has(field.key)) return [value];
      told.add(field.key);
      return [value, withoutRate(field, expression)];
    }),
  ];
  const where = readCondition(context, access, object, 't', input);
  const grouped =
    groups.length > 0
      ? sql` GROUP BY ${join(groups.map((_, index) => raw(String(index + 1))))} ORDER BY ${join(groups.map((_, index) => raw(String(index + 1))))}`
      : raw('');
  const data = await runRead(
    context,
    sql`SELECT ${join(columns)} FROM ${ident('crm', object.key)} t WHERE ${where}${grouped} LIMIT 1000`,
    context.readPool,
  );
  return { data };
}
