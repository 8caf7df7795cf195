/**
 * Events in commit order. An id is given before its transaction commits, so a cursor over ids skips what
 * commits late; here a reader takes only rows of transactions older than every running one, ordered and
 * resumed by (xid, id).
 *
 * A transaction may get its xid early and write a record late, after one with a higher xid: in the order of
 * xids the later event then comes first. Within a record ids tell the truth, because an event is written while
 * its record is locked. So a page that would part such a pair is made longer, or ends before it while the
 * other half may not be read yet; and within the page the events of a record stand in their own order.
 */
import type { Pool, PoolClient } from 'pg';
import { raw, row, rows, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { inTransaction } from '../../platform/database/transaction.ts';

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

/**
 * About `limit` events after the cursor, those of each record in the order of its versions; none while an
 * older transaction still runs. Go on from `cursorAfter` of the page.
 */
export async function readEvents(
  on: Queryable,
  after: EventCursor | null,
  limit = 500,
): Promise<StoredEvent[]> {
  let page = await select(on, after, sql`LIMIT ${limit}`);
  /** Nothing from here on may be in the page. */
  let bound: EventCursor | undefined;
  while (page.length > 0) {
    const late = await overtaken(on, page);
    if (late.length === 0) break;
    const early = late.find((one) => !one.safe || (bound && !isBefore(one, bound)));
    if (early) {
      const cut = page.findIndex((event) => event.record === early.record && event.id > early.id);
      bound = page[cut]!;
      page = page.slice(0, cut);
    } else {
      page = await select(on, after, raw(''), cursorAfter(late));
    }
  }
  return inOrder(page);
}

/** The cursor behind which everything stands that cannot be read yet: where one begins who asks for news alone. */
export async function endOfEvents(on: Queryable): Promise<EventCursor> {
  const end = await row<{ xid: string }>(
    on,
    sql`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid`,
  );
  return { xid: end!.xid, id: 0 };
}

/** False for a place that this database has not reached: one of another, or from before a backup was restored. */
export async function isBehindNow(on: Queryable, { xid }: EventCursor): Promise<boolean> {
  const found = await row<{ behind: boolean }>(
    on,
    sql`SELECT ${xid}::text::xid8 <= pg_snapshot_xmax(pg_current_snapshot()) AS behind`,
  );
  return found!.behind;
}

/** Of the same records as the page: events behind it that the snapshot of `on` shows, readable or not. */
export async function eventsBehind(on: Queryable, page: readonly StoredEvent[]): Promise<StoredEvent[]> {
  const records = [...new Set(page.map((event) => event.record))];
  return rows<StoredEvent>(
    on,
    sql`SELECT ${columns} FROM platform.events e
        WHERE e.record = ANY(${records}::uuid[]) AND (e.xid, e.id) > ${position(cursorAfter(page))}
        ORDER BY e.id`,
  );
}

/**
 * One step of a reader: hands `take` the next events after the cursor, in a transaction that sees one moment, and
 * gives the cursor to go on from; the same cursor when there is nothing to read yet, for the price of one look
 * into an index. A reader that must not lose or repeat anything stores its cursor in that transaction; whoever
 * reads for the moment keeps it in memory.
 */
export async function takeEvents(
  pool: Pool,
  after: EventCursor,
  limit: number,
  take: (on: PoolClient, page: readonly StoredEvent[]) => Promise<void>,
): Promise<EventCursor> {
  const [next] = await select(pool, after, sql`LIMIT 1`, undefined, raw('e.xid::text AS xid, e.id'));
  if (!next) return after;
  return inTransaction(
    pool,
    async (client) => {
      const page = await readEvents(client, after, limit);
      if (page.length === 0) return after;
      await take(client, page);
      return cursorAfter(page);
    },
    { isolation: 'repeatable read' },
  );
}

/** The cursor that stands behind a page, which must not be empty. */
export const cursorAfter = (page: readonly EventCursor[]): EventCursor => {
  const { xid, id } = page.reduce((last, one) => (isBefore(last, one) ? one : last));
  return { xid, id };
};

export const isBefore = (a: EventCursor, b: EventCursor): boolean =>
  BigInt(a.xid) === BigInt(b.xid) ? a.id < b.id : BigInt(a.xid) < BigInt(b.xid);

const columns = raw(
  'e.xid::text AS xid, e.id, e.at, e.object, e.record, e.version, e.type, e.actor, e.actor_name, e.channel, e.batch, e.old, e.note',
);

const position = (cursor: EventCursor): Sql => sql`(${cursor.xid}::text::xid8, ${cursor.id}::bigint)`;

function select(
  on: Queryable,
  after: EventCursor | null,
  limit: Sql,
  upTo?: EventCursor,
  selected = columns,
): Promise<StoredEvent[]> {
  const beyond = after ? sql`(e.xid, e.id) > ${position(after)}` : raw('true');
  const until = upTo ? sql`(e.xid, e.id) <= ${position(upTo)}` : raw('true');
  return rows<StoredEvent>(
    on,
    sql`SELECT ${selected} FROM platform.events e
        WHERE e.xid < pg_snapshot_xmin(pg_current_snapshot()) AND ${beyond} AND ${until}
        ORDER BY e.xid, e.id ${limit}`,
  );
}

type Overtaken = EventCursor & { record: string; safe: boolean };

/** Events behind the page that happened to their record before one that is in it; whether they may be read yet. */
async function overtaken(on: Queryable, page: readonly StoredEvent[]): Promise<Overtaken[]> {
  const records = [...Map.groupBy(page, (event) => event.record)];
  // Events of a record have versions without holes, so what is missing stands next to one that is there.
  const least = records.map(([, events]) => Math.min(...events.map((event) => event.version)) - 1);
  const most = records.map(([, events]) => Math.max(...events.map((event) => event.version)));
  const last = records.map(([, events]) => Math.max(...events.map((event) => event.id)));
  return rows<Overtaken>(
    on,
    sql`SELECT e.xid::text AS xid, e.id, e.record, e.xid < pg_snapshot_xmin(pg_current_snapshot()) AS safe
        FROM unnest(${records.map(([record]) => record)}::uuid[], ${least}::integer[], ${most}::integer[], ${last}::bigint[]) AS r(record, least, most, last)
        JOIN platform.events e ON e.record = r.record AND e.version BETWEEN r.least AND r.most AND e.id < r.last
        WHERE (e.xid, e.id) > ${position(cursorAfter(page))}`,
  );
}

/** Leaves each record its places in the page, and puts its events into them in their own order. */
function inOrder(page: readonly StoredEvent[]): StoredEvent[] {
  const byRecord = Map.groupBy(page, (event) => event.record);
  for (const events of byRecord.values()) events.sort((a, b) => b.id - a.id);
  return page.map((event) => byRecord.get(event.record)!.pop()!);
}
