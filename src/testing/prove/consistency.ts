/** What must hold of a database whatever happened to its processes: rollups equal a recount, events have no holes. */
import type { Context } from '../../core/context/context.ts';
import { ident, join, rows, sql } from '../../core/sql/sql.ts';
import {
  cursorAfter,
  readEvents,
  type EventCursor,
  type StoredEvent,
} from '../../engine/events/read-events.ts';
import { staleRollups } from '../../engine/doctor/stale-rollups.ts';

/** Sentences about what does not hold; empty when all is well. */
export async function inconsistencies(context: Context): Promise<string[]> {
  return [...(await wrongRollups(context)), ...(await brokenEvents(context))];
}

async function wrongRollups(context: Context): Promise<string[]> {
  const stale = await staleRollups(context.pool, context);
  return stale.map(({ object, count, example }) => `${count} ${object} had stale rollups, e.g. ${example}`);
}

/** Each record has one event per version, from 1 to the version it stands at, and in commit order these only rise. */
async function brokenEvents(context: Context): Promise<string[]> {
  const found: string[] = [];
  const last = new Map<string, number>();
  let cursor: EventCursor | null = null;
  for (;;) {
    const page: StoredEvent[] = await readEvents(context.pool, cursor, 2000);
    if (page.length === 0) break;
    for (const event of page) {
      const before = last.get(event.record) ?? 0;
      const expected = event.type === 'gaps' ? before : before + 1;
      if (event.version !== expected)
        found.push(
          `${event.object} ${event.record}: event ${event.type} of version ${event.version} after ${before}`,
        );
      last.set(event.record, event.version);
    }
    cursor = cursorAfter(page);
  }
  const parts = [...context.catalog.objects.keys()].map(
    (key) => sql`SELECT ${key}::text AS object, t.id, t.version FROM ${ident('crm', key)} t`,
  );
  for (const record of await rows<{ object: string; id: string; version: number }>(
    context.pool,
    join(parts, ' UNION ALL '),
  )) {
    if (last.get(record.id) !== Number(record.version)) {
      found.push(
        `${record.object} ${record.id} stands at version ${record.version}, its events end at ${last.get(record.id) ?? 'none'}`,
      );
    }
  }
  return found.slice(0, 20);
}
