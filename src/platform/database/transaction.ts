/**
 * A transaction as a bracket around a function: commit when it returns, roll back when it throws, and the
 * session goes back to the pool only if it is known to be clean.
 */
import type { Pool, PoolClient } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

export type TransactionOptions = {
  /**
   * The work may run again, from its beginning, when PostgreSQL chose this transaction as the victim of a
   * deadlock or a serialization conflict. Only for work that has no effect outside the database.
   */
  retryable?: boolean;
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readOnly?: boolean;
};

const victims = new Set(['40001', '40P01']); // serialization_failure, deadlock_detected
const attempts = 4; // the first, and three more

export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(pool, work, options);
    } catch (error) {
      const again =
        options.retryable && attempt < attempts && victims.has((error as { code?: string })?.code ?? '');
      if (!again) throw error;
      await sleep(Math.random() * 20 * 2 ** attempt);
    }
  }
}

async function once<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query(begin(options));
    const result = await work(client);
    const { command } = await client.query('COMMIT');
    // PostgreSQL answers COMMIT in a failed transaction with a polite ROLLBACK. That must not look like success.
    if (command === 'ROLLBACK') {
      throw new Error(
        'The transaction was rolled back: a statement in it failed, and the failure was swallowed.',
      );
    }
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => (broken ??= failure));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

function begin(options: TransactionOptions): string {
  const isolation = options.isolation ? ` ISOLATION LEVEL ${options.isolation.toUpperCase()}` : '';
  return `BEGIN${isolation}${options.readOnly ? ' READ ONLY' : ''}`;
}
