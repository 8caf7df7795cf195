/** Every record of a list, page by page, all as they stood at one moment. */
import type { PoolClient } from 'pg';
import type { Context } from '../../core/context/context.ts';
import { and, compile, ident, sql, type ReadPool, type Sql } from '../../core/sql/sql.ts';
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { hasBarePhase, orderBy, phaseCondition, type Phase, type Sort } from '../read/sort.ts';

const pageSize = 1_000;

/** What a statement may take, and how long the reader may think about a page. */
const limits = `SET LOCAL statement_timeout = '10min'; SET LOCAL idle_in_transaction_session_timeout = '2min'; SET LOCAL cursor_tuple_fraction = 1`;

/**
 * In one repeatable-read transaction, through a cursor of the database, so that neither side holds more than a
 * page. It writes nothing and has no transaction id: no reader of events waits for it. When `signal` is aborted
 * the statement that runs is stopped in the database.
 */
export async function* readMoment(
  context: Context,
  input: { object: ObjectModel; columns: Sql; where: Sql; sort: Sort; signal?: AbortSignal },
): AsyncGenerator<Record<string, unknown>[]> {
  const { object, columns, where, sort, signal } = input;
  const pool: ReadPool = context.readPool ?? context.pool;
  const client = await pool.connect();
  const stop = (): void => void cancel(pool, client);
  signal?.addEventListener('abort', stop);
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    signal?.throwIfAborted();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query(limits);
    for (const phase of phasesOf(sort)) {
      const condition = and([where, ...[phaseCondition(sort, phase) ?? []].flat()]);
      await client.query(
        compile(
          sql`DECLARE export NO SCROLL CURSOR FOR SELECT ${columns} FROM ${ident('crm', object.key)} t WHERE ${condition} ORDER BY ${orderBy(sort, phase)}`,
        ),
      );
      for (;;) {
        signal?.throwIfAborted();
        const { rows } = await client.query<Record<string, unknown>>(`FETCH ${pageSize} FROM export`);
        if (rows.length > 0) yield rows;
        if (rows.length < pageSize) break;
      }
      await client.query('CLOSE export');
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await client.query('ROLLBACK').catch((error: Error) => (broken ??= error));
    client.off('error', onError);
    client.release(broken);
  }
}

const phasesOf = (sort: Sort): Phase[] => (hasBarePhase(sort) ? ['full', 'bare'] : ['full']);

/** The session knows its own number; it is told over another session of the same pool. */
async function cancel(pool: ReadPool, client: PoolClient): Promise<void> {
  const { processID } = client as PoolClient & { processID?: number };
  if (processID === undefined) return;
  await pool.query(compile(sql`SELECT pg_cancel_backend(${processID}::integer)`)).catch(() => {});
}
