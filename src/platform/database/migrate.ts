/**
 * Brings the platform tables up to date: numbered plain SQL files, forward only, each in a transaction of
 * its own together with its line in platform.migrations. Any number of processes may call this at once; one
 * works and the others wait.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { databaseRefusal } from './refusal.ts';

type Migration = { number: number; name: string; sql: string; sha256: string };

const lockKey = 4_771_930_155; // any number; no one else's

export async function migrate(pool: Pool, folder: string): Promise<{ applied: string[] }> {
  const migrations = readMigrations(folder);
  const client = await pool.connect();
  try {
    await client.query('SET statement_timeout = 0');
    await client.query('SELECT pg_advisory_lock($1)', [lockKey]);
    await prepareBookkeeping(client);
    const known = await alreadyApplied(client, migrations);
    const applied: string[] = [];
    for (const migration of migrations) {
      if (known.has(migration.number)) continue;
      await apply(client, migration);
      applied.push(migration.name);
    }
    return { applied };
  } finally {
    client.release(true); // the session ends, and with it its lock and whatever a file has set
  }
}

/**
 * Lays the first migrations, up to a number, in the transaction that the caller has begun, as a restore needs them:
 * the tables as they were when those were all there was. @throws Error `migration_newer` for what is not known here
 */
export async function layMigrations(
  client: ClientBase,
  folder: string,
  wanted: readonly { number: number; name: string; sha256: string }[],
): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [lockKey]);
  const migrations = readMigrations(folder);
  known(wanted, migrations);
  await prepareBookkeeping(client);
  for (const { sql } of migrations.slice(0, wanted.length)) await client.query(sql);
}

/** Names of the migrations that are still to be applied. @throws Error where the data is of a newer version */
export async function pendingMigrations(pool: Pool, folder: string): Promise<string[]> {
  const migrations = readMigrations(folder);
  const { rows } = await pool.query<{ number: number; name: string; sha256: string }>(
    'SELECT number, name, sha256 FROM platform.migrations ORDER BY number',
  );
  known(rows, migrations);
  return migrations.slice(rows.length).map(({ name }) => name);
}

function readMigrations(folder: string): Migration[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name, index) => {
    const number = Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) {
      throw databaseRefusal(
        'migration_name',
        `The migration ${name} is not named like 0001_first_tables.sql (four digits, then small letters).`,
      );
    }
    if (number !== index + 1) {
      const before = names[index - 1];
      throw databaseRefusal(
        'migration_name',
        number === index
          ? `The migrations ${before} and ${name} have the same number; each needs its own.`
          : `The migration ${String(index + 1).padStart(4, '0')}_… is missing before ${name}.`,
      );
    }
    const sql = readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n'); // git on Windows
    return { number, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
  });
}

async function prepareBookkeeping(client: ClientBase): Promise<void> {
  const { rows } = await client.query(`SELECT to_regclass('platform.migrations') IS NOT NULL AS there`);
  if (rows[0].there) return;
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS platform;
    CREATE TABLE IF NOT EXISTS platform.migrations (
      number integer PRIMARY KEY,
      name text NOT NULL,
      sha256 text NOT NULL,
      applied_at timestamptz(3) NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE platform.migrations IS 'Which numbered SQL files have been applied, and what was in them';
  `);
}

async function alreadyApplied(client: PoolClient, migrations: Migration[]): Promise<Set<number>> {
  const { rows } = await client.query<{ number: number; name: string; sha256: string }>(
    'SELECT number, name, sha256 FROM platform.migrations ORDER BY number',
  );
  known(rows, migrations);
  return new Set(rows.map((row) => row.number));
}

/** @throws Error where a migration that was applied is not one of ours, or not as it was. */
function known(
  applied: readonly { number: number; name: string; sha256: string }[],
  migrations: readonly Migration[],
): void {
  for (const row of applied) {
    const file = migrations[row.number - 1];
    if (!file) {
      throw databaseRefusal(
        'migration_newer',
        `This database was last used by a newer Groundwork (it has ${row.name}, which this one lacks): ` +
          `start that version or a later one.`,
      );
    }
    if (file.name !== row.name || file.sha256 !== row.sha256) {
      throw databaseRefusal(
        'migration_changed',
        `The migration ${file.name} has changed since it was applied to this database as ${row.name}. ` +
          `Put the file back as it was, and make the change in a new migration.`,
      );
    }
  }
}

async function apply(client: PoolClient, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query('INSERT INTO platform.migrations (number, name, sha256) VALUES ($1, $2, $3)', [
      migration.number,
      migration.name,
      migration.sha256,
    ]);
    const before = await currentTransaction(client);
    await client.query(migration.sql);
    if ((await currentTransaction(client)) !== before) {
      throw new Error('a migration is one transaction; it may not commit or roll back by itself');
    }
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw databaseRefusal(
      'migration_failed',
      `The migration ${migration.name} failed${lineOf(error, migration.sql)}: ${(error as Error).message}`,
      error,
    );
  }
}

async function currentTransaction(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ id: string }>('SELECT pg_current_xact_id()::text AS id');
  return rows[0]!.id;
}

function lineOf(error: unknown, sql: string): string {
  const position = Number((error as { position?: string }).position);
  if (!position) return '';
  return ` at line ${sql.slice(0, position).split('\n').length}`;
}
