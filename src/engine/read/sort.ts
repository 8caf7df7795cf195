/**
 * Keyset paging. Empty values come last in both directions: a list runs through the records that have the
 * first sort key (`full`), then through those that lack it (`bare`), so that either half follows an index.
 */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import { and, ident, join, or, raw, sql, type Sql } from '../../core/sql/sql.ts';
import { parseEnvOf, scopeValuesOf, type Access } from '../access/access.ts';
import { readableLink, unknownField } from './select.ts';

type Expression = { sql: Sql; type: string; descending: boolean };
/** One sort field: text sorts by two expressions (folded, then as written), most types by one. */
type SortKey = { key: string; expressions: Expression[]; nullable: boolean };
export type Phase = 'full' | 'bare';
export type Sort = { keys: readonly SortKey[]; spec: string };

const mostKeys = 4;

export function parseSort(
  context: Context,
  access: Access,
  object: ObjectModel,
  alias: string,
  spec: string | undefined,
): Sort {
  const asked = (spec ?? '-id').split(',').map((part) => part.trim());
  if (asked.length > mostKeys) {
    throw invalid([
      issue('sort', 'too_many_sorts', 'A list sorts by at most {most} fields.', 'Leave out the last ones.', {
        most: mostKeys,
      }),
    ]);
  }
  const keys = asked.map((part): SortKey => {
    const descending = part.startsWith('-');
    const key = descending ? part.slice(1) : part;
    const field = object.fields.get(key);
    if (!field || access.field(object.key, key) === 'hidden') throw invalid([unknownField('sort', key)]);
    const traits = field.type.traits(field);
    if (key !== 'id' && !traits.includes('ordered') && !traits.includes('equatable')) {
      throw invalid([
        issue('sort', 'not_sortable', '“{label}” cannot be sorted by.', 'Sort by another field.', {
          label: field.label,
        }),
      ]);
    }
    const operandType = field.type.operandType(field);
    const ordered = field.type.order?.(field, alias, context.catalog);
    const expressions = ordered
      ? ordered.map((expression) => ({
          sql: expression,
          descending,
          type: ordered.length > 1 ? 'text' : operandType,
        }))
      : [
          {
            // Its values stand in the cursor, which anybody can read.
            sql: readableLink(
              access,
              field,
              fieldToSql(key, {
                catalog: context.catalog,
                object: object.key,
                alias,
                place: 'list',
                scope: scopeValuesOf(context),
                parse: parseEnvOf(context),
              }).sql,
            ),
            type: operandType,
            descending,
          },
        ];
    return { key, expressions, nullable: key !== 'id' && key !== 'version' && key !== 'created_at' };
  });
  const idAt = keys.findIndex((key) => key.key === 'id');
  const used = idAt >= 0 ? keys.slice(0, idAt + 1) : keys;
  if (idAt < 0) {
    const descending = keys.at(-1)!.expressions[0]!.descending;
    used.push({
      key: 'id',
      nullable: false,
      expressions: [{ sql: ident(alias, 'id'), type: 'uuid', descending }],
    });
  }
  return { keys: used, spec: spec ?? '-id' };
}

/** The expressions that order a phase: in `bare` the first key is empty and drops out. */
const phaseKeys = (sort: Sort, phase: Phase): readonly SortKey[] =>
  phase === 'bare' ? sort.keys.slice(1) : sort.keys;

export function phaseCondition(sort: Sort, phase: Phase): Sql | undefined {
  const first = sort.keys[0]!;
  if (!first.nullable) return undefined;
  return phase === 'bare'
    ? sql`${first.expressions[0]!.sql} IS NULL`
    : sql`${first.expressions[0]!.sql} IS NOT NULL`;
}

export const hasBarePhase = (sort: Sort): boolean => sort.keys[0]!.nullable;

export function orderBy(sort: Sort, phase: Phase): Sql {
  return join(
    phaseKeys(sort, phase).flatMap((key, index) =>
      key.expressions.flatMap((expression) => {
        const direction = raw(expression.descending ? 'DESC' : 'ASC');
        const nullsLast = key.nullable && !(phase === 'full' && index === 0);
        return nullsLast
          ? [sql`(${expression.sql} IS NULL)`, sql`${expression.sql} ${direction}`]
          : [sql`${expression.sql} ${direction}`];
      }),
    ),
  );
}

/** Sort values to select as text, for the cursor of the last row. */
export const cursorColumns = (sort: Sort): Sql[] =>
  sort.keys
    .flatMap((key) => key.expressions)
    .map((expression, index) => sql`(${expression.sql})::text AS ${ident(`cursor__${index}`)}`);

export type Cursor = { phase: Phase; values: (string | null)[] };

export function encodeCursor(sort: Sort, phase: Phase, row: Record<string, unknown>): string {
  const count = sort.keys.reduce((sum, key) => sum + key.expressions.length, 0);
  const values = Array.from({ length: count }, (_, index) => row[`cursor__${index}`] ?? null);
  return Buffer.from(JSON.stringify([sort.spec, phase === 'full' ? 0 : 1, ...values])).toString('base64url');
}

export const badCursor = () =>
  invalid([
    issue(
      'cursor',
      'bad_cursor',
      'This cursor does not belong to this list.',
      'Start again without a cursor, with the same sort throughout.',
    ),
  ]);

/** Also refuses a cursor of another sort, and values that its types cannot take. */
export function decodeCursor(sort: Sort, text: string): Cursor {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    throw badCursor();
  }
  const expressions = sort.keys.flatMap((key) => key.expressions);
  if (!Array.isArray(parsed) || parsed.length !== expressions.length + 2 || parsed[0] !== sort.spec)
    throw badCursor();
  const [, phase, ...values] = parsed;
  if (phase !== 0 && phase !== 1) throw badCursor();
  const fits = values.every(
    (value, index) =>
      value === null || (typeof value === 'string' && plausible(value, expressions[index]!.type)),
  );
  if (!fits || (phase === 1 && !hasBarePhase(sort))) throw badCursor();
  return { phase: phase === 0 ? 'full' : 'bare', values: values as (string | null)[] };
}

const plausibleBy: [RegExp, RegExp][] = [
  [/^uuid/, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
  [/^(numeric|bigint|integer|smallint|double)/, /^-?\d{1,40}(\.\d{1,40})?$/],
  [/^timestamptz/, /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}(:\d{2})?$/],
  [/^date/, /^\d{4}-\d{2}-\d{2}$/],
  [/^bool/, /^(true|false)$/],
];
const plausible = (value: string, type: string): boolean =>
  !value.includes('\0') && (plausibleBy.find(([known]) => known.test(type))?.[1].test(value) ?? true);

/** Rows after the cursor. Keys in one direction without empty values become one row comparison, which an index serves. */
export function afterCursor(sort: Sort, cursor: Cursor): Sql {
  const keys = phaseKeys(sort, cursor.phase);
  const skipped = cursor.phase === 'bare' ? sort.keys[0]!.expressions.length : 0;
  const flat = keys.flatMap((key, index) =>
    key.expressions.map((expression) => ({
      ...expression,
      nullable: key.nullable && !(cursor.phase === 'full' && index === 0),
    })),
  );
  const values = cursor.values.slice(skipped);
  const parameter = (index: number): Sql => sql`${values[index]}::${raw(flat[index]!.type)}`;
  const sameWay = flat.every(
    (one) => !one.nullable && one.descending === flat[0]!.descending && values[flat.indexOf(one)] !== null,
  );
  if (sameWay) {
    const left = join(flat.map((one) => one.sql));
    const right = join(flat.map((_, index) => parameter(index)));
    return sql`(${left}) ${raw(flat[0]!.descending ? '<' : '>')} (${right})`;
  }
  return or(
    flat.map((one, index) => {
      const equalBefore = flat
        .slice(0, index)
        .map((prior, at) =>
          values[at] === null ? sql`${prior.sql} IS NULL` : sql`${prior.sql} = ${parameter(at)}`,
        );
      if (values[index] === null) return and([...equalBefore, raw('false')]);
      const beyond = sql`${one.sql} ${raw(one.descending ? '<' : '>')} ${parameter(index)}`;
      return and([...equalBefore, one.nullable ? or([beyond, sql`${one.sql} IS NULL`]) : beyond]);
    }),
  );
}
