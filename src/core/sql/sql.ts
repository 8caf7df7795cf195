/**
 * The only way SQL is put together: a template tag whose interpolations are parameters, so that no
 * caller's value can become SQL text. Identifiers come from the catalog through `ident`, fixed text
 * from code through `raw`.
 */
import type { PoolClient } from 'pg';

export type Sql = { readonly chunks: readonly string[]; readonly values: readonly unknown[] };

const isSql = (value: unknown): value is Sql =>
  typeof value === 'object' && value !== null && 'chunks' in value && 'values' in value;

/** Builds a fragment; interpolated fragments are merged, everything else becomes a parameter. */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  const chunks: string[] = [strings[0]!];
  const values: unknown[] = [];
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i];
    const after = strings[i + 1]!;
    if (isSql(part)) {
      append(chunks, values, part);
      chunks[chunks.length - 1] += after;
    } else {
      values.push(part);
      chunks.push(after);
    }
  }
  return { chunks, values };
}

function append(chunks: string[], values: unknown[], part: Sql): void {
  chunks[chunks.length - 1] += part.chunks[0]!;
  for (let i = 0; i < part.values.length; i++) {
    values.push(part.values[i]);
    chunks.push(part.chunks[i + 1]!);
  }
}

/** SQL text written in code. Never pass anything that came from outside. */
export const raw = (text: string): Sql => ({ chunks: [text], values: [] });

export const empty: Sql = raw('');

/** Quotes one or more identifiers: `ident('crm', 'deals')` is `"crm"."deals"`. */
export const ident = (...names: readonly string[]): Sql =>
  raw(names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.'));

/** Joins fragments; an empty list gives `empty`. */
export function join(parts: readonly Sql[], separator: string = ', '): Sql {
  if (parts.length === 0) return empty;
  const chunks: string[] = [''];
  const values: unknown[] = [];
  parts.forEach((part, index) => {
    if (index > 0) chunks[chunks.length - 1] += separator;
    append(chunks, values, part);
  });
  return { chunks, values };
}

/** All parts hold; no parts is true. */
export const and = (parts: readonly Sql[]): Sql =>
  parts.length === 0 ? raw('true') : parts.length === 1 ? parts[0]! : sql`(${join(parts, ' AND ')})`;

/** Any part holds; no parts is false. */
export const or = (parts: readonly Sql[]): Sql =>
  parts.length === 0 ? raw('false') : parts.length === 1 ? parts[0]! : sql`(${join(parts, ' OR ')})`;

/** Text and values for `pg`: parameters numbered from $1. */
export function compile(query: Sql): { text: string; values: unknown[] } {
  let text = query.chunks[0]!;
  for (let i = 0; i < query.values.length; i++) text += `$${i + 1}${query.chunks[i + 1]!}`;
  return { text, values: query.values as unknown[] };
}

/** What `pg.Pool` and `pg.PoolClient` share, and all that a query needs. */
export type Queryable = {
  query(config: {
    text: string;
    values: unknown[];
    name?: string;
  }): Promise<{ rows: any[]; rowCount: number | null }>;
};

/** Where reads that tolerate a short delay may go: a standby with the primary behind it, or simply the pool. */
export type ReadPool = Queryable & {
  /** A session, for a read of several statements; whoever takes it releases it. */
  connect(): Promise<PoolClient>;
};

/** Runs a fragment and gives its rows. `name` makes it a prepared statement (let it carry the epoch). */
export async function rows<Row = Record<string, any>>(
  on: Queryable,
  query: Sql,
  name?: string,
): Promise<Row[]> {
  const result = await on.query({ ...compile(query), name });
  return result.rows as Row[];
}

/** Like `rows`, for a statement that gives at most one. */
export async function row<Row = Record<string, any>>(
  on: Queryable,
  query: Sql,
  name?: string,
): Promise<Row | undefined> {
  return (await rows<Row>(on, query, name))[0];
}
