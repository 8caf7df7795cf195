/** What is known of the backups that were taken by plan. */
import { hostname } from 'node:os';
import type { Pool } from 'pg';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { row, rows, sql } from '../../core/sql/sql.ts';
import type { BackupFile } from './backup-file.ts';

export type LoggedBackup = {
  id: string;
  name: string;
  host: string;
  state: 'running' | 'done' | 'failed' | 'removed';
  started_at: string;
  ended_at: string | null;
  moment: string | null;
  bytes: string | null;
  rows: string | null;
  files: number | null;
  with_key: boolean;
  error: string | null;
  checked_at: string | null;
  check_state: 'restored' | 'read' | 'failed' | null;
  check_error: string | null;
};

export async function logStart(pool: Pool, name: string, withKey: boolean): Promise<string> {
  const id = uuidV7();
  // One at a time runs; what still says so died with its process.
  await rows(
    pool,
    sql`UPDATE platform.backups SET state = 'failed', ended_at = clock_timestamp(), error = 'The process that took it ended.'
        WHERE state = 'running'`,
  );
  await rows(
    pool,
    sql`INSERT INTO platform.backups (id, name, host, state, with_key) VALUES (${id}, ${name}, ${hostname()}, 'running', ${withKey})`,
  );
  return id;
}

export async function logEnd(pool: Pool, id: string, made: BackupFile): Promise<void> {
  const count = made.contents.tables.reduce((sum, table) => sum + table.rows, 0);
  await rows(
    pool,
    sql`UPDATE platform.backups SET state = 'done', ended_at = clock_timestamp(), moment = ${made.manifest.moment.at}::timestamptz,
          bytes = ${made.bytes}, rows = ${count}, files = ${made.contents.files} WHERE id = ${id}`,
  );
}

export async function logFailure(pool: Pool, id: string, error: string): Promise<void> {
  await rows(
    pool,
    sql`UPDATE platform.backups SET state = 'failed', ended_at = clock_timestamp(), error = ${error} WHERE id = ${id}`,
  );
}

export async function logRemoved(pool: Pool, names: readonly string[]): Promise<void> {
  await rows(
    pool,
    sql`UPDATE platform.backups SET state = 'removed' WHERE name = ANY(${[...names]}::text[]) AND host = ${hostname()} AND state = 'done'`,
  );
}

export async function logCheck(
  pool: Pool,
  id: string,
  state: NonNullable<LoggedBackup['check_state']>,
  error: string | null = null,
): Promise<void> {
  await rows(
    pool,
    sql`UPDATE platform.backups SET checked_at = clock_timestamp(), check_state = ${state}, check_error = ${error} WHERE id = ${id}`,
  );
}

/** The newest backup of this machine that was finished. */
export const newestBackup = (pool: Pool): Promise<LoggedBackup | undefined> =>
  row(
    pool,
    sql`SELECT ${columns} FROM platform.backups b WHERE b.state = 'done' AND b.host = ${hostname()} ORDER BY b.id DESC LIMIT 1`,
  );

const columns = sql`b.id, b.name, b.host, b.state, b.started_at, b.ended_at, b.moment, b.bytes::text, b.rows::text, b.files,
  b.with_key, b.error, b.checked_at, b.check_state, b.check_error`;

/** Newest first, below the one given. */
export const listLogged = (pool: Pool, input: { after?: string; limit: number }): Promise<LoggedBackup[]> =>
  rows(
    pool,
    sql`SELECT ${columns} FROM platform.backups b WHERE (${input.after ?? null}::uuid IS NULL OR b.id < ${input.after ?? null}::uuid)
        ORDER BY b.id DESC LIMIT ${input.limit}`,
  );
