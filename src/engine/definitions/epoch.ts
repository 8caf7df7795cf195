/**
 * The definitions' epoch: a number that rises with each change of what is in force. A write holds EPOCH_LOCK
 * shared from its first statement on and works only if its catalog has the database's epoch; a switch
 * takes the lock exclusively, so that no write straddles it.
 */
import type { PoolClient } from 'pg';
import { row, sql, type Queryable } from '../../core/sql/sql.ts';

/** Key of the advisory lock around the epoch. */
export const EPOCH_LOCK = 4_771_930_201;

/** Channel on which a switch tells the other processes. */
export const EPOCH_CHANNEL = 'groundwork_epoch';

export async function readEpoch(on: Queryable): Promise<number> {
  const found = await row<{ epoch: number }>(on, sql`SELECT epoch FROM platform.definition_state`);
  if (!found) throw new Error('platform.definition_state has lost its row');
  return Number(found.epoch);
}

/**
 * BEGIN, the shared lock and the epoch in one round trip. Three statements on purpose: the epoch is read by
 * a snapshot taken after the lock was granted.
 */
export async function beginAtEpoch(client: PoolClient): Promise<number> {
  const results = (await client.query(
    `BEGIN; SELECT pg_advisory_xact_lock_shared(${EPOCH_LOCK}); SELECT epoch FROM platform.definition_state`,
  )) as unknown as { rows: { epoch: number }[] }[];
  return Number(results[2]!.rows[0]!.epoch);
}

/**
 * Raises the epoch, inside the caller's transaction, which must be short: it waits for the writes under way
 * and holds up those that follow. Gives the new epoch.
 */
export async function raiseEpoch(client: PoolClient): Promise<number> {
  await client.query(`SELECT pg_advisory_xact_lock(${EPOCH_LOCK})`);
  const raised = await row<{ epoch: number }>(
    client,
    sql`UPDATE platform.definition_state SET epoch = epoch + 1 RETURNING epoch`,
  );
  const epoch = Number(raised!.epoch);
  await client.query({ text: `NOTIFY ${EPOCH_CHANNEL}, '${epoch}'` });
  return epoch;
}
