/**
 * One question per distinct watch: which of the touched records are in it now, and which were before. Both are
 * judged under the watcher's rights, so nobody hears of a record that they could not have seen.
 */
import type { Context } from '../../core/context/context.ts';
import { ident, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import type { Touched } from './touched.ts';
import { conditionsOf, type Watch } from './watch.ts';

/**
 * entered: it is in the watch and was not; left: it was and is not, or it can be read and is not in it where only
 * a count over others changed, whose value before nobody knows.
 */
export type ChangeKind = 'entered' | 'changed' | 'left';
/** `version` is absent where only a count over other records changed. */
export type LiveChange = { id: string; kind: ChangeKind; version?: number };

type Judged = {
  id: string;
  version: number;
  now: boolean | null;
  /** In the watch at the beginning. */
  first: boolean | null;
  /** In the watch in any state before now. */
  before: boolean | null;
  derived: boolean;
  readable: boolean | null;
};

/** `on` is a transaction that sees one moment, the one from which the states were built. */
export async function judgeWatch(
  on: Queryable,
  context: Context,
  watch: Watch,
  touched: readonly Touched[],
): Promise<LiveChange[]> {
  const object = context.catalog.objects.get(watch.object)!;
  const { now, before, readable } = conditionsOf(context, object, watch.filter);
  const ids = touched.map(({ id }) => id);
  const olds = touched.map(({ old }) => (old === null ? null : JSON.stringify(old)));
  const derived = touched.map((one) => one.derived);
  const first = touched.map((one) => one.first);
  const judged = await rows<Judged>(
    on,
    sql`SELECT t.id, t.version, bool_or(${now}) AS now, bool_or(c.old IS NOT NULL AND ${before}) AS before,
               bool_or(c.first AND c.old IS NOT NULL AND ${before}) AS first,
               bool_and(c.derived) AS derived, bool_or(${readable}) AS readable
        FROM unnest(${ids}::uuid[], ${olds}::text[], ${derived}::boolean[], ${first}::boolean[]) AS c(id, old, derived, first)
        JOIN ${ident('crm', object.key)} t ON t.id = c.id
        CROSS JOIN LATERAL jsonb_populate_record(t, coalesce(c.old, '{}')::jsonb) AS o
        GROUP BY t.id, t.version`,
  );
  return judged.flatMap(({ id, version, derived: counts, ...one }): LiveChange[] => {
    const told = counts ? { id } : { id, version };
    if (one.now) return [{ ...told, kind: one.first ? 'changed' : 'entered' }];
    return one.before || (counts && one.readable) ? [{ ...told, kind: 'left' }] : [];
  });
}
