/**
 * better-auth's storage on our pool: schema `auth`, plural tables, snake_case columns, our `sql` tag. Its own
 * Kysely adapter would want a second pool, because ours gives times as ISO text (see value-types.ts), which
 * better-auth would take for dates that never expire. Here it is told that the database has no dates, and
 * turns them itself.
 */
import type { Pool } from 'pg';
import { createAdapterFactory, type CustomAdapter } from 'better-auth/adapters';
import { and, ident, join, or, raw, row, rows, sql, type Sql } from '../../core/sql/sql.ts';

type Where = Parameters<CustomAdapter['delete']>[0]['where'];
type Row = Record<string, unknown>;

export const authAdapter = (pool: Pool) =>
  createAdapterFactory({
    config: {
      adapterId: 'groundwork',
      usePlural: true,
      supportsDates: false,
      supportsBooleans: true,
      supportsJSON: true,
      supportsUUIDs: false,
      supportsNumericIds: false,
    },
    adapter: () => ({
      async create({ model, data }) {
        const names = Object.keys(data);
        const made = await row<Row>(
          pool,
          sql`INSERT INTO ${table(model)} (${join(names.map(column))})
              VALUES (${join(names.map((name) => sql`${data[name]}`))}) RETURNING *`,
        );
        return fromRow(made) as typeof data;
      },
      async findOne({ model, where }) {
        return (fromRow(await row(pool, sql`SELECT * FROM ${table(model)} WHERE ${holds(where)} LIMIT 1`)) ??
          null) as never;
      },
      async findMany({ model, where, limit, sortBy, offset }) {
        const order = sortBy
          ? sql` ORDER BY ${column(sortBy.field)} ${raw(sortBy.direction === 'desc' ? 'DESC' : 'ASC')}`
          : raw('');
        const found = await rows<Row>(
          pool,
          sql`SELECT * FROM ${table(model)} WHERE ${holds(where ?? [])}${order} LIMIT ${limit} OFFSET ${offset ?? 0}`,
        );
        return found.map(fromRow) as never;
      },
      async count({ model, where }) {
        const found = await row<{ n: number }>(
          pool,
          sql`SELECT count(*)::int AS n FROM ${table(model)} WHERE ${holds(where ?? [])}`,
        );
        return found!.n;
      },
      async update({ model, where, update }) {
        return (fromRow((await change(pool, model, where, update as Row))[0]) ?? null) as never;
      },
      async updateMany({ model, where, update }) {
        return (await change(pool, model, where, update)).length;
      },
      async delete({ model, where }) {
        await rows(pool, sql`DELETE FROM ${table(model)} WHERE ${holds(where)}`);
      },
      async deleteMany({ model, where }) {
        return (await rows(pool, sql`DELETE FROM ${table(model)} WHERE ${holds(where)} RETURNING id`)).length;
      },
      async consumeOne({ model, where }) {
        const one = sql`SELECT id FROM ${table(model)} WHERE ${holds(where)} LIMIT 1 FOR UPDATE`;
        return (fromRow(await row(pool, sql`DELETE FROM ${table(model)} WHERE id = (${one}) RETURNING *`)) ??
          null) as never;
      },
    }),
  });

async function change(pool: Pool, model: string, where: Where, update: Row): Promise<Row[]> {
  const sets = Object.keys(update).map((name) => sql`${column(name)} = ${update[name]}`);
  return rows<Row>(pool, sql`UPDATE ${table(model)} SET ${join(sets)} WHERE ${holds(where)} RETURNING *`);
}

const table = (model: string): Sql => ident('auth', model);
const column = (field: string): Sql =>
  ident(field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));

const fromRow = (found: Row | undefined): Row | undefined =>
  found &&
  Object.fromEntries(
    Object.entries(found).map(([name, value]) => [
      name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );

/** Entries joined by OR form one group beside those joined by AND, as better-auth's own adapters read it. */
function holds(where: Where): Sql {
  const groups = Map.groupBy(where, (entry) => entry.connector);
  const any = (groups.get('OR') ?? []).map(test);
  return and([...(groups.get('AND') ?? []).map(test), ...(any.length > 0 ? [or(any)] : [])]);
}

const like = (text: unknown): string => String(text).replaceAll(/[\\%_]/g, '\\$&');
const tests: Readonly<Record<Where[number]['operator'], (left: Sql, value: unknown) => Sql>> = {
  eq: (left, value) => (value === null ? sql`${left} IS NULL` : sql`${left} = ${value}`),
  ne: (left, value) => (value === null ? sql`${left} IS NOT NULL` : sql`${left} IS DISTINCT FROM ${value}`),
  lt: (left, value) => sql`${left} < ${value}`,
  lte: (left, value) => sql`${left} <= ${value}`,
  gt: (left, value) => sql`${left} > ${value}`,
  gte: (left, value) => sql`${left} >= ${value}`,
  in: (left, value) => sql`${left} = ANY(${value})`,
  not_in: (left, value) => sql`${left} <> ALL(${value})`,
  contains: (left, value) => sql`${left} LIKE ${`%${like(value)}%`}`,
  starts_with: (left, value) => sql`${left} LIKE ${`${like(value)}%`}`,
  ends_with: (left, value) => sql`${left} LIKE ${`%${like(value)}`}`,
};

const test = (entry: Where[number]): Sql => tests[entry.operator](column(entry.field), entry.value);
