/** The only INSERT and UPDATE statements on record tables: whole batches, one statement per object. */
import { allOf } from './all-of.ts';
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import { searchTextFields } from '../../core/catalog/search-fields.ts';
import { ident, join, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { groupBy } from './links.ts';
import { newValue, nextVersion, type Row } from './row.ts';
import type { Run } from './run.ts';
import { storedColumns, type StoredColumn } from './stored-row.ts';

/** Writes creates, then changes; rows of an update that changes nothing are left alone. */
export async function storeRows(run: Run, on: Queryable, rows: readonly Row[]): Promise<void> {
  const sent = linkedFirst(rows.filter((row) => row.kind === 'create')).map((group) =>
    insertRows(run, on, group[0]!.object, group),
  );
  const changed = rows.filter(
    (row) => row.kind !== 'create' && (row.kind !== 'update' || row.values.size > 0),
  );
  for (const group of groupBy(changed, (row) => row.object.key).values())
    sent.push(updateRows(run, on, group[0]!.object, group));
  await allOf(sent);
}

/** New rows by object, those that others link to first; objects that link both ways need two calls. */
function linkedFirst(rows: readonly Row[]): Row[][] {
  const groups = groupBy(rows, (row) => row.object.key);
  if (groups.size < 2) return [...groups.values()];
  const objectOf = new Map(rows.map((row) => [row.id, row.object.key]));
  const order: Row[][] = [];
  const visited = new Set<string>();
  const visit = (key: string): void => {
    if (visited.has(key)) return;
    visited.add(key);
    const group = groups.get(key)!;
    const targets = new Set(
      group.flatMap((row) => [...row.values.values()].map((value) => objectOf.get(value as string))),
    );
    for (const target of targets) if (target !== undefined) visit(target);
    order.push(group);
  };
  for (const key of groups.keys()) visit(key);
  return order;
}

/** What `values` and the record's life give, by column. */
function columnValues(run: Run, row: Row): Record<string, unknown> {
  const written: Record<string, unknown> = {};
  for (const [key, value] of row.values) {
    const field = row.object.fields.get(key);
    if (field) Object.assign(written, field.type.write(value, field));
  }
  const now = run.now.toISOString();
  written['version'] = nextVersion(row);
  written['updated_at'] = now;
  if (row.kind === 'create') {
    written['id'] = row.id;
    written['created_at'] = now;
    written['created_by'] = run.context.principal.user;
    if (row.object.stageField) written['gaps'] = [];
  }
  if (row.kind === 'archive') written['archived_at'] = now;
  if (row.kind === 'restore') written['archived_at'] = null;
  const typed = typedColumn(row);
  if (typed !== undefined) written['typed'] = typed;
  const search = searchColumn(run, row);
  if (search !== undefined) written['search__'] = search;
  return written;
}

function typedColumn(row: Row): Record<string, string> | null | undefined {
  const before = (row.old?.['typed'] ?? {}) as Record<string, string>;
  const after = { ...before };
  for (const key of row.values.keys()) {
    const text = row.typed.get(key) ?? null;
    if (text === null) delete after[key];
    else after[key] = text;
  }
  const same = JSON.stringify(before) === JSON.stringify(after);
  if (same) return undefined;
  return Object.keys(after).length > 0 ? after : null;
}

function searchColumn(run: Run, row: Row): string | undefined {
  const fields = searchTextFields(run.context.catalog, row.object);
  if (row.kind !== 'create' && !fields.some((field) => row.values.has(field.key))) return undefined;
  const text = fields.map((field) => field.type.searchText!(newValue(row, field.key), field)).filter(Boolean);
  return fold(text.join(' '));
}

const isArray = (column: StoredColumn): boolean => column.type.endsWith('[]');

/** A value as `unnest` of a one-dimensional array can carry it: arrays and documents as text. */
function carried(column: StoredColumn, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (isArray(column)) return arrayLiteral(value as unknown[]);
  if (column.type === 'jsonb') return JSON.stringify(value);
  return value;
}

const arrayLiteral = (items: readonly unknown[]): string =>
  `{${items.map((item) => `"${String(item).replace(/[\\"]/g, '\\$&')}"`).join(',')}}`;

const carriedType = (column: StoredColumn): string =>
  isArray(column) || column.type === 'jsonb' ? 'text' : column.type;

/** What is counted or summed over nothing is 0 from the first moment, and is found as that. */
function countedNothing(object: ObjectModel): Record<string, number> {
  const born: Record<string, number> = {};
  for (const field of object.fields.values()) {
    const fn = field.type.rollup?.(field).fn;
    if (fn === 'count' || fn === 'sum') born[field.type.columns(field)[0]!.name] = 0;
  }
  return born;
}

async function insertRows(run: Run, on: Queryable, object: ObjectModel, rows: readonly Row[]): Promise<void> {
  const born = countedNothing(object);
  const written = rows.map((row) => ({ ...born, ...columnValues(run, row) }));
  const used = new Set(written.flatMap((values) => Object.keys(values)));
  const columns = storedColumns(object).filter((column) => used.has(column.name));
  const names = join(columns.map((column) => ident(column.name)));
  const table = ident('crm', object.key);
  const source =
    rows.length === 1
      ? sql`VALUES (${join(columns.map((column) => sql`${carried(column, written[0]![column.name])}::${raw(column.type)}`))})`
      : sql`SELECT ${join(columns.map((column) => sql`r.${ident(column.name)}::${raw(column.type)}`))} FROM ${carrier(columns, written)}`;
  await run.query(on, sql`INSERT INTO ${table} (${names}) ${source}`);
}

/** The batch as a table `r`, one array parameter per column. */
const carrier = (columns: readonly StoredColumn[], written: readonly Record<string, unknown>[]): Sql =>
  sql`unnest(${join(
    columns.map(
      (column) =>
        sql`${written.map((values) => carried(column, values[column.name]))}::${raw(carriedType(column))}[]`,
    ),
  )}) AS r(${join(columns.map((column) => ident(column.name)))})`;

async function updateRows(run: Run, on: Queryable, object: ObjectModel, rows: readonly Row[]): Promise<void> {
  const written: Record<string, unknown>[] = rows.map((row) => ({ ...columnValues(run, row), id: row.id }));
  const used = new Set(written.flatMap((values) => Object.keys(values)));
  const columns = storedColumns(object).filter((column) => used.has(column.name));
  rows.forEach((row, at) => {
    for (const column of columns)
      if (!(column.name in written[at]!)) written[at]![column.name] = row.old![column.name];
  });
  const set = columns.filter((column) => column.name !== 'id');
  const table = ident('crm', object.key);
  if (rows.length === 1) {
    const assignments = join(
      set.map(
        (column) =>
          sql`${ident(column.name)} = ${carried(column, written[0]![column.name])}::${raw(column.type)}`,
      ),
    );
    await run.query(on, sql`UPDATE ${table} SET ${assignments} WHERE id = ${rows[0]!.id}::uuid`);
    return;
  }
  const assignments = join(
    set.map((column) => sql`${ident(column.name)} = r.${ident(column.name)}::${raw(column.type)}`),
  );
  await run.query(
    on,
    sql`UPDATE ${table} t SET ${assignments} FROM ${carrier(columns, written)} WHERE t.id = r.id`,
  );
}

/** Stores gaps without a new version: they follow from what is there. */
export async function storeGaps(
  run: Run,
  on: Queryable,
  object: string,
  records: readonly { id: string; gaps: readonly string[] }[],
): Promise<void> {
  if (records.length === 0) return;
  await run.query(
    on,
    sql`UPDATE ${ident('crm', object)} t SET gaps = r.gaps::text[] FROM unnest(${records.map((record) => record.id)}::uuid[], ${records.map((record) => arrayLiteral(record.gaps))}::text[]) AS r(id, gaps) WHERE t.id = r.id`,
  );
}
