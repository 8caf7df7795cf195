/**
 * DDL beside people at work: a statement that cannot have its lock within 200 ms lets go, so that the writes
 * queueing behind it go on, and tries again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { issue, refusal } from '../../core/errors/problem.ts';

const lockNotAvailable = '55P03';
const deadlock = '40P01';

/**
 * Runs `work` until it gets its locks. `work` must be repeatable and leave no open transaction behind.
 * Throws a Problem (503) after `patienceMs`.
 */
export async function withPatience<T>(work: () => Promise<T>, patienceMs = 60_000): Promise<T> {
  const end = Date.now() + patienceMs;
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const code = (error as { code?: string }).code;
      if (code !== lockNotAvailable && code !== deadlock) throw error;
      if (Date.now() > end) throw tooBusy();
      await sleep(50 + Math.random() * Math.min(50 * 2 ** attempt, 1000));
    }
  }
}

const tooBusy = () =>
  refusal(503, 'tables_busy', [
    issue(
      '',
      'tables_busy',
      'A table is held by a long transaction, so its columns could not be changed. Nothing has changed.',
      'Try again when imports and exports under way are done.',
    ),
  ]);

/** One statement that needs a table's lock. */
export const ddl = (client: PoolClient, text: string): Promise<void> =>
  withPatience(async () => {
    await client.query(`SET lock_timeout = '200ms'`);
    await client.query(text);
  });

/** One statement that holds up no write, however long it takes (CONCURRENTLY, VALIDATE). */
export async function patientDdl(client: PoolClient, text: string): Promise<void> {
  await client.query('SET lock_timeout = 0');
  await client.query(text);
}

/** A transaction on the client at hand. */
export async function inOwnTransaction<T>(client: PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
