/** What an upgrade asks of the database before it, and compares after it. */
import type pg from 'pg';
import { rows as select, ident, join, raw, row, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { keepServersOut, type UpgradeLock } from '../database/upgrade-lock.ts';

export const upgradeFailed = (sentence: string, cause?: unknown): Error =>
  Object.assign(new Error(sentence, { cause }), { code: 'upgrade_failed' });

/** No server begins to work with this database before the lock is released. @throws Error where one does already */
export async function refuseServers(pool: pg.Pool, connection: pg.ClientConfig): Promise<UpgradeLock> {
  // Servers of versions that took no lock yet are known by the names of their sessions.
  const { rows } = await pool.query(
    `SELECT 1 FROM pg_stat_activity
     WHERE datname = current_database() AND application_name IN ('groundwork server', 'groundwork jobs')`,
  );
  const lock = rows.length > 0 ? undefined : await keepServersOut(connection);
  if (lock) return lock;
  throw upgradeFailed(
    'A server is running on this data, or another upgrade. Stop it first, all of its processes, then run this again.',
  );
}

type Counted = { schema: string; name: string; rows: number };

/** What must not become less or other by an upgrade. */
export type BeforeUpgrade = { tables: Counted[]; events: { last: string; columns: string[]; sum: string } };

/** Of what this place alone is true, and what the packs bring anew, rows may go. */
const mayShrink =
  /^platform\.(backups|setup_link|idempotency_keys|pack_definitions)$|^auth\.(sessions|verifications)$/;

export async function beforeUpgrade(pool: Queryable): Promise<BeforeUpgrade> {
  const names = await select<{ schema: string; name: string }>(
    pool,
    sql`SELECT n.nspname AS schema, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('crm', 'platform', 'auth') AND c.relkind = 'r' ORDER BY 1, 2`,
  );
  const tables: Counted[] = [];
  for (const { schema, name } of names) {
    const found = await row<{ n: string }>(pool, sql`SELECT count(*)::text AS n FROM ${ident(schema, name)}`);
    tables.push({ schema, name, rows: Number(found!.n) });
  }
  if (!tables.some(({ schema, name }) => schema === 'platform' && name === 'events'))
    return { tables, events: { last: '0', columns: [], sum: '' } };
  const columns = await select<{ name: string }>(
    pool,
    sql`SELECT attname AS name FROM pg_attribute
        WHERE attrelid = 'platform.events'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const last = await row<{ last: string }>(
    pool,
    sql`SELECT coalesce(max(id), 0)::text AS last FROM platform.events`,
  );
  const events = { last: last!.last, columns: columns.map(({ name }) => name), sum: '' };
  return { tables, events: { ...events, sum: await sumOfEvents(pool, events) } };
}

/** Sentences about what is missing or other than before; empty when all is well. */
export async function lostInUpgrade(pool: Queryable, before: BeforeUpgrade): Promise<string[]> {
  const after = await beforeUpgrade(pool);
  const now = new Map(after.tables.map((table) => [`${table.schema}.${table.name}`, table.rows]));
  const lost = before.tables.flatMap(({ schema, name, rows }) => {
    const found = now.get(`${schema}.${name}`) ?? 0;
    if (mayShrink.test(`${schema}.${name}`) || (schema === 'crm' ? found === rows : found >= rows)) return [];
    const what = schema === 'crm' ? name : `rows in ${schema}.${name}`;
    return [`There were ${rows} ${what}, and now there are ${found}.`];
  });
  const { events } = before;
  if (events.columns.length > 0 && (await sumOfEvents(pool, events)) !== events.sum)
    lost.push('The history is no longer what it was.');
  return lost;
}

/** A checksum of some thousand events, spread over all of them, by the columns that there were. */
async function sumOfEvents(
  pool: Queryable,
  { last, columns }: { last: string; columns: readonly string[] },
): Promise<string> {
  const values: Sql = join(columns.map((name) => sql`e.${ident(name)}::text`));
  const every = Math.max(1, Math.floor(Number(last) / 2_000));
  const found = await row<{ sum: string | null }>(
    pool,
    sql`SELECT md5(string_agg(md5(ROW(${values})::text), ${raw("''")} ORDER BY e.id)) AS sum
        FROM platform.events e WHERE e.id <= ${last}::bigint AND e.id % ${every}::bigint = 0`,
  );
  return found!.sum ?? '';
}
