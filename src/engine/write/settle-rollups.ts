/**
 * Counts and sums that were never reckoned are set by recounting. A record has them from its first moment; those
 * made by versions that left them empty until the first child came, are found here. Nothing else is touched, so
 * that it may run at any time and as often as one likes; what is derived makes no event and no version.
 */
import type { Context } from '../../core/context/context.ts';
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { ident, or, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { rollupUpdate } from './rollups.ts';

const chunk = 500;

/** Gives how many records were set; stops behind the chunk in hand when `context.signal` asks for it. */
export async function settleRollups(context: Context): Promise<number> {
  let settled = 0;
  for (const object of context.catalog.objects.values()) {
    const fields = [...object.fields.values()].filter(isNeverEmpty);
    if (fields.length === 0) continue;
    for (let after: string | null = null; !context.signal?.aborted;) {
      const ids: string[] = await inTransaction(context.pool, (client) =>
        settleSome(context, client, object.key, fields, after),
      );
      settled += ids.length;
      if (ids.length === 0) break;
      after = ids.at(-1)!;
    }
  }
  return settled;
}

const isNeverEmpty = (field: FieldModel): boolean =>
  ['count', 'sum'].includes(field.type.rollup?.(field).fn ?? '');

/** Locks in id order before anything is counted, as every write does. */
async function settleSome(
  context: Context,
  on: Queryable,
  object: string,
  fields: readonly FieldModel[],
  after: string | null,
): Promise<string[]> {
  const empty = fields.map((field) => sql`t.${ident(field.type.columns(field)[0]!.name)} IS NULL`);
  const found = await rows<{ id: string }>(
    on,
    sql`SELECT t.id FROM ${ident('crm', object)} t
        WHERE (${after}::uuid IS NULL OR t.id > ${after}::uuid) AND ${or(empty)}
        ORDER BY t.id LIMIT ${chunk} FOR NO KEY UPDATE OF t`,
  );
  const ids = found.map(({ id }) => id);
  if (ids.length > 0) await rows(on, rollupUpdate(context, object, fields, sql`q.id = ANY(${ids}::uuid[])`));
  return ids;
}
