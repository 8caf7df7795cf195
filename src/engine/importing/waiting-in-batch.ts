/**
 * What waits for later rows of the file, kept with the batch: written in the transaction of the rows that it comes
 * from and taken away in that of the rows that it becomes, so that nothing waits twice and nothing is forgotten.
 */
import { rows, row as oneRow, sql, type Queryable } from '../../core/sql/sql.ts';
import { storableJson } from '../batches/storable.ts';
import type { Waiting } from './import-step.ts';

/** Rows per transaction. */
const atOnce = 200;

export type Waits<S extends Waiting['sort']> = { id: number } & Extract<Waiting, { sort: S }>;

export async function addWaiting(on: Queryable, batch: string, all: readonly Waiting[]): Promise<void> {
  if (all.length === 0) return;
  await rows(
    on,
    sql`INSERT INTO platform.batch_waiting (batch, sort, row)
        SELECT ${batch}::uuid, w.sort, w.row::jsonb FROM unnest(${all.map(({ sort }) => sort)}::text[], ${all.map(storableJson)}::text[]) AS w(sort, row)`,
  );
}

/** The next of that sort, between two ids. `after` spares the database those that are taken away already. */
export async function nextWaiting<S extends Waiting['sort']>(
  on: Queryable,
  batch: string,
  input: { sort: S; after: number; until?: number },
): Promise<Waits<S>[]> {
  const found = await rows<{ id: number; row: Extract<Waiting, { sort: S }> }>(
    on,
    sql`SELECT w.id, w.row FROM platform.batch_waiting w
        WHERE w.batch = ${batch} AND w.sort = ${input.sort} AND w.id > ${input.after} AND w.id <= coalesce(${input.until ?? null}::bigint, w.id)
        ORDER BY w.id LIMIT ${atOnce}`,
  );
  return found.map(({ id, row }) => ({ ...row, id: Number(id) }));
}

/** Id of the last row that waits; undefined when none does. */
export async function lastWaiting(on: Queryable, batch: string): Promise<number | undefined> {
  const found = await oneRow<{ id: number | null }>(
    on,
    sql`SELECT max(w.id) AS id FROM platform.batch_waiting w WHERE w.batch = ${batch} AND w.sort = 'row'`,
  );
  return found?.id == null ? undefined : Number(found.id);
}

export async function anyWaits(on: Queryable, batch: string): Promise<boolean> {
  const found = await oneRow<{ waits: boolean }>(
    on,
    sql`SELECT EXISTS (SELECT FROM platform.batch_waiting w WHERE w.batch = ${batch}) AS waits`,
  );
  return found!.waits;
}

export async function dropWaiting(
  on: Queryable,
  batch: string,
  { sort, ids }: { sort: Waiting['sort']; ids: readonly number[] },
): Promise<void> {
  await rows(
    on,
    sql`DELETE FROM platform.batch_waiting w WHERE w.batch = ${batch} AND w.sort = ${sort} AND w.id = ANY(${[...ids]}::bigint[])`,
  );
}
