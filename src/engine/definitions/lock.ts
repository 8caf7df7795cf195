/** One at a time: whoever changes definitions holds this lock from reading what is in force to the end of clean-up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { issue, refusal } from '../../core/errors/problem.ts';
import { row, sql } from '../../core/sql/sql.ts';

const DEFINITIONS_LOCK = 4_771_930_202;

/**
 * Gives `work` a session of its own that holds the lock. Asked for again and again instead of waited for:
 * a waiting session has a snapshot, and CREATE INDEX CONCURRENTLY of the holder would wait for that.
 * Throws a Problem (503) when the lock is not free within `patienceMs`.
 */
export async function withDefinitionsLock<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  patienceMs = 10 * 60_000,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('SET statement_timeout = 0');
    const end = Date.now() + patienceMs;
    for (;;) {
      const found = await row<{ got: boolean }>(
        client,
        sql`SELECT pg_try_advisory_lock(${DEFINITIONS_LOCK}::bigint) AS got`,
      );
      if (found!.got) break;
      if (Date.now() > end) throw changing();
      await sleep(50);
    }
    return await work(client);
  } finally {
    client.release(true); // the session ends, and with it the lock and its settings
  }
}

const changing = () =>
  refusal(503, 'definitions_changing', [
    issue(
      '',
      'definitions_changing',
      'Somebody else is changing the definitions just now.',
      'Try again in a minute.',
    ),
  ]);
