/** What an upgrade asks of the database before and after it. */
import pg from 'pg';

export const upgradeFailed = (sentence: string, cause?: unknown): Error =>
  Object.assign(new Error(sentence, { cause }), { code: 'upgrade_failed' });

/** @throws Error where an app process has this database open. */
export async function refuseRunningServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ application_name: string }>(
    `SELECT DISTINCT application_name FROM pg_stat_activity
     WHERE datname = current_database() AND application_name IN ('groundwork server', 'groundwork jobs')`,
  );
  if (rows.length > 0)
    throw upgradeFailed(
      'A server is running on this data. Stop it first, all of its processes, then run this again.',
    );
}

/** Records by table, archived ones too. */
export async function countRecords(pool: pg.Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'crm' AND c.relkind = 'r' ORDER BY 1`,
  );
  const counts = new Map<string, number>();
  for (const { name } of rows) {
    const found = await pool.query<{ n: string }>(
      `SELECT count(*) AS n FROM crm.${pg.escapeIdentifier(name)}`,
    );
    counts.set(name, Number(found.rows[0]!.n));
  }
  return counts;
}
