/** The database: its version and settings, what waits in it, and what grows. */
import pg from 'pg';
import { row, rows, sql } from '../../core/sql/sql.ts';
import { pendingMigrations } from '../../platform/database/migrate.ts';
import { fail, ok, warn, type Check } from './check.ts';

export const settings: Check = {
  about: 'Database',
  needsDatabase: true,
  async look({ pool, serverVersion }) {
    const before = Date.now();
    const found = await row<{
      most: number;
      used: number;
      fsync: string;
      autovacuum: string;
      clock: string;
      trgm: boolean;
    }>(
      pool,
      sql`SELECT current_setting('max_connections')::int AS most, (SELECT count(*)::int FROM pg_stat_activity) AS used,
            current_setting('fsync') AS fsync, current_setting('autovacuum') AS autovacuum,
            (extract(epoch FROM clock_timestamp()) * 1000)::text AS clock,
            EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm') AS trgm`,
    );
    const { most, used, fsync, autovacuum, clock, trgm } = found!;
    const skew = Math.abs(Number(clock) - (before + Date.now()) / 2) / 1000;
    const findings = [ok(`PostgreSQL ${serverVersion} answers; ${used} of ${most} sessions are in use.`)];
    if (used > most * 0.8)
      findings.push(
        warn(
          `${used} of ${most} sessions are in use.`,
          'Raise max_connections, or run fewer app processes: each takes up to 30.',
        ),
      );
    else if (most < 60)
      findings.push(
        warn(
          `max_connections is ${most}; one app process takes up to 30.`,
          'Raise it to 100 before a second process is started.',
        ),
      );
    if (fsync !== 'on')
      findings.push(fail('fsync is off: a power cut destroys the database.', 'Set fsync = on.'));
    if (autovacuum !== 'on')
      findings.push(fail('autovacuum is off: tables grow without end.', 'Set autovacuum = on.'));
    if (skew > 5)
      findings.push(
        warn(
          `The clocks of this machine and of the database are ${skew.toFixed(0)} s apart.`,
          'Let both follow a time server (NTP).',
        ),
      );
    if (!trgm)
      findings.push(
        fail(
          'The extension pg_trgm is missing: search needs it.',
          'Run CREATE EXTENSION pg_trgm as the owner of the database.',
        ),
      );
    return findings;
  },
};

export const migrations: Check = {
  about: 'Migrations',
  needsDatabase: true,
  async look({ pool, migrations: folder }) {
    const pending = await pendingMigrations(pool, folder).catch((error: unknown) => error as Error);
    if (pending instanceof Error)
      return [fail(pending.message, 'Start the version that this data was last used with, or a later one.')];
    if (pending.length === 0) return [ok('All migrations are applied.')];
    return [
      warn(
        `${pending.length} migrations are still to be applied.`,
        'Run ./groundwork upgrade, or start the server.',
      ),
    ];
  },
};

export const horizon: Check = {
  about: 'Open transactions',
  needsDatabase: true,
  async look({ pool }) {
    const found = await row<{ seconds: number | null; who: string | null }>(
      pool,
      sql`SELECT extract(epoch FROM clock_timestamp() - a.xact_start)::int AS seconds, a.application_name AS who
          FROM pg_stat_activity a WHERE a.datname = current_database() AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid()
            AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL)
          ORDER BY a.xact_start LIMIT 1`,
    );
    if (!found?.seconds || found.seconds < 300) return [ok('No transaction has been open for long.')];
    const says = `A transaction of “${found.who}” has been open for ${Math.round(found.seconds / 60)} minutes: live updates wait for it, and dead rows pile up.`;
    return [warn(says, 'If it is not a backup or a large import, end it with pg_terminate_backend.')];
  },
};

export const deadRows: Check = {
  about: 'Dead rows',
  needsDatabase: true,
  async look({ pool }) {
    const found = await rows<{ name: string; dead: string; live: string }>(
      pool,
      sql`SELECT schemaname || '.' || relname AS name, n_dead_tup AS dead, n_live_tup AS live FROM pg_stat_user_tables
          WHERE n_dead_tup > 100000 AND n_dead_tup > n_live_tup ORDER BY n_dead_tup DESC LIMIT 5`,
    );
    if (found.length === 0) return [ok('No table is full of dead rows.')];
    return found.map(({ name, dead }) =>
      warn(
        `${name} holds ${dead} dead rows, more than live ones.`,
        `Run VACUUM (ANALYZE) ${name}; if it comes back, look for transactions that stay open.`,
      ),
    );
  },
};

export const standby: Check = {
  about: 'Standby',
  needsDatabase: true,
  async look({ pool, readUrl }) {
    if (readUrl === undefined) return [];
    const client = new pg.Client({ connectionString: readUrl, connectionTimeoutMillis: 5_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      const behind = await row<{ standby: boolean; lsn: string | null }>(
        client,
        sql`SELECT pg_is_in_recovery() AS standby, pg_last_wal_replay_lsn()::text AS lsn`,
      );
      if (!behind!.standby)
        return [
          fail(
            'DATABASE_READ_URL names no standby but a server of its own.',
            'Point it to a streaming standby of DATABASE_URL, or leave it out.',
          ),
        ];
      const lag = await row<{ bytes: string }>(
        pool,
        sql`SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), ${behind!.lsn}::pg_lsn) AS bytes`,
      );
      const megabytes = Number(lag!.bytes) / 1024 ** 2;
      const says = `The standby is ${megabytes.toFixed(1)} MB behind.`;
      return [
        megabytes > 512
          ? warn(says, 'See whether it keeps up: its disk, the network, queries that hold it.')
          : ok(says),
      ];
    } catch (error) {
      return [
        warn(
          `The standby does not answer: ${(error as Error).message}`,
          'All reads go to the primary meanwhile. Start it, or correct DATABASE_READ_URL.',
        ),
      ];
    } finally {
      await client.end().catch(() => {});
    }
  },
};
