/**
 * Fills columns under construction, a chunk at a time beside people at work, and again for the records that
 * changed meanwhile: once more before the switch, and a last time within it, when nobody can write.
 */
import type { PoolClient } from 'pg';
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import type { Workspace } from '../../core/context/context.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import type { ParseEnv } from '../../core/kinds/field-type.ts';
import { compile, ident, join, raw, row, rows, sql, type Sql } from '../../core/sql/sql.ts';
import { rollupUpdate } from '../write/rollups.ts';
import { nextSearch, type Copy } from './copies.ts';
import { inOwnTransaction } from './patience.ts';

export type FillEnv = {
  client: PoolClient;
  /** The catalog whose tables stand now: new fields under their temporary names. */
  catalog: Catalog;
  workspace: Workspace;
  /** Values that the new type cannot read are left empty instead of refused; the old column keeps them. */
  leaveEmpty: boolean;
};

const chunk = 1000;

/** A point in time for `changedSince`: every transaction that may still commit has this number or a higher one. */
export async function transactionHorizon(client: PoolClient): Promise<string> {
  const found = await row<{ xmin: string }>(
    client,
    sql`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin`,
  );
  return found!.xmin;
}

/** Fills every record. Throws a Problem that counts the values which the new type cannot read. */
export async function fillAll(env: FillEnv, copy: Copy): Promise<void> {
  const unread = noneUnread();
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const ids = await rows<{ id: string }>(
      env.client,
      sql`SELECT id FROM ${ident('crm', copy.object)} WHERE id > ${after} ORDER BY id LIMIT ${chunk}`,
    );
    if (ids.length === 0) break;
    await inOwnTransaction(env.client, () =>
      fillSome(
        env,
        copy,
        ids.map(({ id }) => id),
        unread,
      ),
    );
    after = ids.at(-1)!.id;
  }
  refuseUnread(unread, copy);
}

/** Fills these records; call it within a transaction. */
export async function fillChanged(env: FillEnv, copy: Copy, ids: readonly string[]): Promise<void> {
  const unread = noneUnread();
  for (let start = 0; start < ids.length; start += chunk) {
    await fillSome(env, copy, ids.slice(start, start + chunk), unread);
  }
  refuseUnread(unread, copy);
}

/** The records whose copy may be stale by now. */
export async function changedSince(env: FillEnv, copy: Copy, horizon: string): Promise<string[]> {
  const own = sql`SELECT record AS id FROM platform.events WHERE xid >= ${horizon}::xid8 AND object = ${copy.object}`;
  const parents =
    copy.kind !== 'rollup' ? [] : copy.children.flatMap(({ object, by }) => parentsOf(object, by, horizon));
  const found = await rows<{ id: string }>(
    env.client,
    sql`SELECT DISTINCT id FROM (${join([own, ...parents], ' UNION ALL ')}) AS touched WHERE id IS NOT NULL ORDER BY id`,
  );
  return found.map(({ id }) => id);
}

/** Parents that a changed child points to now, and those it pointed to. */
function parentsOf(child: string, by: string, horizon: string): Sql[] {
  const events = sql`FROM platform.events e WHERE e.xid >= ${horizon}::xid8 AND e.object = ${child}`;
  return [
    sql`SELECT c.${ident(by)} AS id FROM ${ident('crm', child)} c WHERE c.id IN (SELECT e.record ${events})`,
    sql`SELECT (e.old ->> ${by})::uuid AS id ${events} AND e.old ? ${by}`,
  ];
}

async function fillSome(env: FillEnv, copy: Copy, ids: readonly string[], unread: Unread): Promise<void> {
  const table = ident('crm', copy.object);
  // In id order first, as every write does: an UPDATE alone would take the locks in an order of its own.
  await rows(
    env.client,
    sql`SELECT id FROM ${table} WHERE id = ANY(${ids}::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
  );
  if (copy.kind === 'rollup') {
    await rows(env.client, rollupUpdate(env, copy.object, [copy.temporary], sql`q.id = ANY(${ids}::uuid[])`));
    return;
  }
  const read = copy.kind === 'values' ? [copy.from] : copy.fields;
  const names = [...new Set(read.flatMap((field) => field.type.columns(field).map(({ name }) => name)))];
  const selected = await rows<Record<string, unknown>>(
    env.client,
    sql`SELECT ${join(['id', ...names].map((name) => ident(name)))} FROM ${table} WHERE id = ANY(${ids}::uuid[])`,
  );
  const columns =
    copy.kind === 'values'
      ? copy.temporary.type.columns(copy.temporary)
      : [{ name: nextSearch, type: 'text' }];
  const written = selected.map((stored) => ({
    id: stored['id'],
    ...(copy.kind === 'values'
      ? newColumns(env, copy, stored, unread)
      : { [nextSearch]: searchText(copy.fields, stored) }),
  }));
  const shape = raw(columns.map(({ name, type }) => `${compile(ident(name)).text} ${type}`).join(', '));
  const set = join(columns.map(({ name }) => sql`${ident(name)} = v.${ident(name)}`));
  await rows(
    env.client,
    sql`UPDATE ${table} t SET ${set} FROM jsonb_to_recordset(${JSON.stringify(written)}::jsonb) AS v(id uuid, ${shape}) WHERE t.id = v.id`,
  );
}

const searchText = (fields: readonly FieldModel[], stored: Record<string, unknown>): string =>
  fold(
    fields
      .map((field) => field.type.searchText!(field.type.stored(stored, field), field))
      .filter(Boolean)
      .join(' '),
  );

type ValueCopy = Extract<Copy, { kind: 'values' }>;

function newColumns(env: FillEnv, copy: ValueCopy, stored: Record<string, unknown>, unread: Unread) {
  const { from, temporary } = copy;
  const value: unknown = from.type.stored(stored, from);
  let next: unknown = null;
  if (value !== null && value !== undefined) {
    const read = readAs(env, copy, value);
    if (read.ok) next = read.value;
    else if (!env.leaveEmpty) addUnread(unread, from.type.display(value, from, env.catalog), read.message);
  }
  return temporary.type.write(next, temporary);
}

/** The old value as the new type reads it: as it is, else as text. */
function readAs(
  env: FillEnv,
  copy: ValueCopy,
  value: unknown,
): { ok: true; value: unknown } | { ok: false; message: string } {
  const { from } = copy;
  const to = copy.field!;
  const parse: ParseEnv = {
    catalog: env.catalog,
    now: new Date(),
    timeZone: env.workspace.timeZone,
    currency: env.workspace.currency,
    country: env.workspace.country,
  };
  const shown = from.type.display(value, from, env.catalog);
  const plain = typeof value === 'object' ? shown : String(value);
  // A key of a list means nothing outside the list: its label does.
  const keyed = from.type.listOf !== undefined && to.type.listOf === undefined;
  const inputs: unknown[] = keyed ? [shown, value] : [value, plain, shown];
  let message = '';
  for (const input of inputs) {
    const parsed = to.type.parse(input, to, parse);
    if (parsed.ok && parsed.value !== null) return { ok: true, value: parsed.value };
    if (!parsed.ok) message ||= parsed.message;
    if (typeof input !== 'string' || !to.type.parseText) continue;
    const asText = to.type.parseText(input, to, parse);
    if (asText.ok && asText.value !== null) return { ok: true, value: asText.value };
  }
  return { ok: false, message };
}

/** Values that the new type could not read: how many, and a few of them with what it said. */
type Unread = { count: number; samples: Map<string, string> };

const noneUnread = (): Unread => ({ count: 0, samples: new Map() });

function addUnread(unread: Unread, value: string, message: string): void {
  unread.count++;
  if (unread.samples.size < 3) unread.samples.set(value.slice(0, 40), message);
}

function refuseUnread({ count, samples }: Unread, copy: Copy): void {
  if (count === 0 || !copy.field) return;
  const { object, key, label, type } = copy.field;
  throw invalid([
    issue(
      `objects.${object}.fields.${key}.type`,
      'values_do_not_fit',
      '{count} values of “{label}” cannot be read as {type}, among them {samples}: {why}',
      'Mend those records first, or apply again with the choice to leave them empty: the former column keeps them.',
      {
        count,
        label,
        type: type.label.toLowerCase(),
        samples: [...samples.keys()].map((sample) => `“${sample}”`).join(', '),
        why: [...samples.values()][0],
      },
    ),
  ]);
}
