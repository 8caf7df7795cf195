/**
 * Events in commit order. An id is given before its transaction commits, so a cursor over ids skips what
 * commits late; here a reader takes only rows of transactions older than every running one, ordered and
 * resumed by (xid, id). Per record, `version` gives the order.
 */
import { raw, rows, sql, type Queryable } from '../../core/sql/sql.ts';

export type EventCursor = { xid: string; id: number };
export type StoredEvent = {
  xid: string;
  id: number;
  at: string;
  object: string;
  record: string;
  version: number;
  type: string;
  actor: string;
  actor_name: string;
  channel: string;
  batch: string | null;
  old: Record<string, unknown> | null;
  note: Record<string, unknown> | null;
};

/** Up to `limit` events after the cursor; none while an older transaction still runs. */
export async function readEvents(
  on: Queryable,
  after: EventCursor | null,
  limit = 500,
): Promise<StoredEvent[]> {
  const beyond = after ? sql`(e.xid, e.id) > (${after.xid}::text::xid8, ${after.id}::bigint)` : raw('true');
  return rows<StoredEvent>(
    on,
    sql`SELECT e.xid::text AS xid, e.id, e.at, e.object, e.record, e.version, e.type, e.actor, e.actor_name, e.channel, e.batch, e.old, e.note
        FROM platform.events e
        WHERE e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND ${beyond}
        ORDER BY e.xid, e.id LIMIT ${limit}`,
  );
}
